import { readFileSync } from 'node:fs';
import { App, type AppProps } from 'aws-cdk-lib';
import { readDeploymentOptions } from '../../../lib/deployment-options.ts';
import { TallyStack } from '../../../lib/tally-stack.ts';
import { tally } from '../../../tally.config.ts';

// Validating the template takes seconds; synth.test.ts has it on, once, through the real `cdk synth`.
process.env.CDK_VALIDATION = 'false';

const { context: cdkJson } = JSON.parse(readFileSync('cdk.json', 'utf8'));
const featureFlags = Object.entries(cdkJson).filter(([name]) => name.startsWith('@aws-cdk'));

/** The stack as shipped, in an app as the CDK command would set it up; `context` as behind `-c`. */
export function createTallyStack({ context, ...props }: AppProps = {}): {
  app: App;
  stack: TallyStack;
} {
  const app = new App({
    ...props,
    context: {
      ...Object.fromEntries(featureFlags),
      'aws:cdk:enable-path-metadata': true,
      ...context,
    },
  });
  const { challenge } = tally.settings.visitors;
  const stack = new TallyStack(app, 'Tally', { ...readDeploymentOptions(app.node), challenge });
  return { app, stack };
}
