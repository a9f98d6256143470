import { Annotations, App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describeOpenCounters } from '../functions/counters/open-counters.ts';
import { readDeploymentOptions } from '../lib/deployment-options.ts';
import { TallyStack } from '../lib/tally-stack.ts';
import { loadConfig } from './load-config.ts';

const tally = await loadConfig();

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
const stack = new TallyStack(app, 'Tally', {
  ...readDeploymentOptions(app.node),
  challenge: tally.settings.visitors.challenge,
});
const open = describeOpenCounters(tally);
if (open.length > 0) {
  Annotations.of(stack).addInfoV2(
    'tally:open-counters',
    `Without any credential, everybody may write these counters of every subject; one request:\n  ${open.join('\n  ')}`,
  );
}
