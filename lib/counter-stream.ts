import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { streamFilters } from '../functions/dynamo/stream-filters.ts';
import type { CounterFunction } from './counter-function.ts';
import type { CounterTable } from './counter-table.ts';
import type { OperatorAlarms } from './operator-alarms.ts';

export interface CounterStreamProps {
  readonly table: CounterTable;
  readonly consumer: CounterFunction;
  readonly alarms: OperatorAlarms;
  /** How long changes are collected before they are folded; 0: not at all. */
  readonly batchingSeconds: number;
}

/** Brings every change of the table, in order, to the function that folds and publishes; skips none. */
export class CounterStream extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { table, consumer, alarms, batchingSeconds }: CounterStreamProps,
  ) {
    super(scope, id);
    const givenUp = this.givenUpQueue();
    table.grantStreamRead(consumer);
    consumer.lambda.addEventSourceMapping('Stream', {
      eventSourceArn: table.streamArn,
      // From the first change on, including those made while this mapping was being created.
      startingPosition: StartingPosition.TRIM_HORIZON,
      // The most that one call of GetRecords returns. All changes of one counter in a batch become one
      // write, so larger is cheaper. Without a batching window nothing waits for a full batch: Lambda
      // reads each stream shard four times a second, and batches grow with the load.
      batchSize: 1_000,
      maxBatchingWindow: Duration.seconds(batchingSeconds),
      // The fold's marks need the order of the stream and the shard's name in the event, which only a
      // tumbling window puts there. The window delays nothing. It is the longest possible, because a
      // batch never spans two windows, and each window ends with one more invocation.
      parallelizationFactor: 1,
      tumblingWindow: Duration.minutes(15),
      // Lambda retries a batch until it gives up after 23 hours, an hour before the stream drops the
      // records, so that those named in the queue can still be read. Halving a batch costs nothing, since
      // marks fit any cut: a batch too large for a throttled table gets through in parts, and only the
      // failed part is retried.
      retryAttempts: -1,
      maxRecordAge: Duration.hours(23),
      bisectBatchOnError: true,
      onFailure: new SqsDlq(givenUp),
      filters: streamFilters(Stack.of(this).region).map((filter) => FilterCriteria.filter(filter)),
    });

    alarms.raiseWhen('StreamIsLate', {
      alarmDescription:
        'Pending changes and live updates are more than a minute late. Nothing is lost for 23 hours: see the log of the stream function.',
      metric: consumer.lambda.metric('IteratorAge', {
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      threshold: Duration.minutes(1).toMilliseconds(),
      // Lambda retries a failing batch ever more rarely, so not every minute has a number.
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
    });
    alarms.raiseWhen('ChangesGivenUp', {
      alarmDescription:
        'Changes that could not be folded for 23 hours have been given up: read the message before its changes leave the stream.',
      metric: givenUp.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1) }),
      threshold: 1,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
    });
  }

  private givenUpQueue(): Queue {
    const queue = new Queue(this, 'GivenUp', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The longest possible, so that somebody has time to read it.
      retentionPeriod: Duration.days(14),
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason:
        'It is itself a dead-letter queue, of an event source mapping, and nothing consumes it.',
    });
    return queue;
  }
}
