import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readDeploymentOptions } from '../lib/deployment-options.ts';
import { TallyStack } from '../lib/tally-stack.ts';
import { loadConfig } from './load-config.ts';

await loadConfig();

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
new TallyStack(app, 'Tally', readDeploymentOptions(app.node));
