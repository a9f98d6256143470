import { Duration, Validations } from 'aws-cdk-lib';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { itemPrefixes } from '../functions/dynamo/item-prefixes.ts';
import type { CounterFunction } from './counter-function.ts';
import type { CounterTable } from './counter-table.ts';
import type { OperatorAlarms } from './operator-alarms.ts';

export interface CounterStreamProps {
  readonly table: CounterTable;
  readonly consumer: CounterFunction;
  readonly alarms: OperatorAlarms;
}

/** Every change of the table, in order, to the function that folds and publishes; none is skipped. */
export class CounterStream extends Construct {
  constructor(scope: Construct, id: string, { table, consumer, alarms }: CounterStreamProps) {
    super(scope, id);
    const givenUp = this.givenUpQueue();
    table.grantStreamRead(consumer);
    consumer.lambda.addEventSourceMapping('Stream', {
      eventSourceArn: table.streamArn,
      // From the first change on, also of those made while this mapping was being created.
      startingPosition: StartingPosition.TRIM_HORIZON,
      // What one call of GetRecords brings at most. Changes of one counter become one write however
      // many they are, so larger is cheaper; without a batching window nothing waits to fill it:
      // Lambda looks into each stream shard four times a second, and batches grow with the load.
      batchSize: 1_000,
      maxBatchingWindow: Duration.seconds(0),
      // The fold's watermarks need the order of the stream, and its shard's name in the event, which
      // only a tumbling window puts there. It delays nothing. A batch never spans two windows, and
      // each ends with one more invocation: so the longest, for the sake of backlogs and the bill.
      parallelizationFactor: 1,
      tumblingWindow: Duration.minutes(15),
      // Retried until Lambda gives up at 23 hours: an hour before the stream forgets, so that what
      // is named in the queue can still be read. Halving costs nothing, as watermarks fit any cut: a
      // batch that is too much for a throttled table gets through in parts, and only what failed is
      // tried again.
      retryAttempts: -1,
      maxRecordAge: Duration.hours(23),
      bisectBatchOnError: true,
      onFailure: new SqsDlq(givenUp),
      // Every token leaves again a day later, which counts nothing and would be a second invocation.
      // Only members count when they are removed. Nothing else is worth a filter: settings, keys
      // and ticket books are few beside the ledger, and a kind of item forgotten here would be lost.
      filters: [
        FilterCriteria.filter({ eventName: FilterRule.or('INSERT', 'MODIFY') }),
        FilterCriteria.filter({
          eventName: FilterRule.isEqual('REMOVE'),
          dynamodb: { Keys: { pk: { S: FilterRule.beginsWith(itemPrefixes.member) } } },
        }),
      ],
    });

    alarms.raiseWhen('StreamIsLate', {
      alarmDescription:
        'Pending changes and live updates are more than a minute late. Nothing is lost for 23 hours: see the log of the stream function.',
      metric: consumer.lambda.metric('IteratorAge', {
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      threshold: Duration.minutes(1).toMilliseconds(),
      // Failing batches are tried ever more rarely, so not every minute has a number.
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
      // The longest there is: somebody has to read it.
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
