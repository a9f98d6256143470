import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { assets } from '../functions/pages/assets.ts';
import { addChallengeSecret, type Challenge } from './challenge-secret.ts';
import { CounterApi } from './counter-api.ts';
import { CounterFunction } from './counter-function.ts';
import { CounterStream } from './counter-stream.ts';
import { CounterTable } from './counter-table.ts';
import type { DeploymentOptions } from './deployment-options.ts';
import { Edge } from './edge.ts';
import { LiveUpdates } from './live-updates.ts';
import { MonthlyBudget } from './monthly-budget.ts';
import { OperatorAlarms } from './operator-alarms.ts';

export interface TallyStackProps extends DeploymentOptions {
  /** The one in tally.config.ts: a captcha has a secret. */
  readonly challenge: Challenge;
}

/**
 * Everything Tally runs on: an API in front of three functions, two of which share one table. A fourth
 * function reads the table's stream, folds changes into totals and publishes them.
 */
export class TallyStack extends Stack {
  constructor(scope: Construct, id: string, options: TallyStackProps) {
    const { stackName, regions, alarmEmail, budget } = options;
    const [region] = regions;
    // Without a region the template fits any region; copies in other regions must know their home.
    super(scope, id, { stackName, ...(region && { env: { region } }) });

    const table = new CounterTable(this, 'Table', options);
    const live = new LiveUpdates(this, 'Live');
    const alarms = new OperatorAlarms(this, 'Alarms', { email: alarmEmail });
    if (budget) new MonthlyBudget(this, 'Budget', budget);

    const read = new CounterFunction(this, 'Read', {
      entry: 'functions/http/read-handler.ts',
      description: 'Tally: reads counters',
    });
    table.grantRead(read);

    const write = new CounterFunction(this, 'Write', {
      entry: 'functions/http/write-handler.ts',
      description: 'Tally: changes counters',
      reservedConcurrency: options.writeConcurrency,
    });
    table.grantWrite(write);
    live.addEndpoints(write);
    addChallengeSecret(write.lambda, options.challenge, options.challengeSecret);

    const site = new CounterFunction(this, 'Site', {
      entry: 'functions/http/site-handler.ts',
      description: 'Tally: API description and pages',
      assets: [...assets.values()].map(({ source }) => source),
    });

    const api = new CounterApi(this, 'Api', { ...options, functions: { read, write, site } });
    const front = options.edge
      ? new Edge(this, 'Edge', {
          ...options.edge,
          apiHost: api.host,
          functions: [read, write, site],
        })
      : api;

    const stream = new CounterFunction(this, 'Stream', {
      entry: 'functions/stream/stream-handler.ts',
      description: 'Tally: folds changes into totals and publishes them',
      // One whole vCPU. A stream shard has one invocation at a time and a fold computes for 0.8 ms, so
      // this folds about as much as a partition sends at its limit of 1,000 writes a second.
      memoryMb: 1_769,
      // A batch of a thousand changes in three windows takes seconds, and longer on a throttled table.
      timeout: Duration.minutes(1),
    });
    table.grantFold(stream);
    live.grantPublish(stream);
    new CounterStream(this, 'TableStream', {
      table,
      consumer: stream,
      alarms,
      batchingSeconds: options.streamBatchingSeconds,
    });

    new CfnOutput(this, 'ApiUrl', { value: front.url, description: 'Where the counters are' });
    new CfnOutput(this, 'TableName', {
      value: table.name,
      description: 'Kept when the stack is destroyed',
    });
  }
}
