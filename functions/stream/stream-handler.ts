/**
 * What the table's stream delivers: folds ledger changes into cells, then tells those who listen.
 * An error makes Lambda deliver the batch again, which is always right; a record is never skipped.
 */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { createDynamoFoldStore } from '../dynamo/dynamo-fold-store.ts';
import { createDependencies } from '../runtime/dependencies.ts';
import { requireLive } from '../runtime/environment.ts';
import { createPublisher } from './publisher.ts';
import { createStreamFunction } from './stream-function.ts';

const { context, clients, tableName, live, logger } = createDependencies();
const metrics = new Metrics();

export const handler = createStreamFunction({
  context,
  foldStore: createDynamoFoldStore({
    clients,
    tableName,
    random: context.random,
    pause: context.pause,
  }),
  publish: createPublisher({
    endpoint: requireLive(live).http,
    region: context.region,
    variables: process.env,
  }),
  report: ({ ignored, folded, published, failures, postponed }) => {
    for (const failure of failures) logger.warn('a live message was not sent', failure as Error);
    for (const failure of postponed) logger.warn('a cell was not tidied up', failure as Error);
    // A line costs as much as a message: none for the end of an idle window.
    if (ignored + folded + published + failures.length === 0) return;
    metrics.addMetric('IgnoredRecords', MetricUnit.Count, ignored);
    metrics.addMetric('FoldedChanges', MetricUnit.Count, folded);
    metrics.addMetric('PublishedMessages', MetricUnit.Count, published);
    metrics.addMetric('FailedMessages', MetricUnit.Count, failures.length);
    metrics.publishStoredMetrics();
  },
});
