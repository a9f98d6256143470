import { basename, join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogLevel, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

const projectRoot = join(import.meta.dirname, '..');

export interface CounterFunctionProps {
  /** The module that exports `handler`, from the project's root. */
  readonly entry: string;
  /** What the function does, for people in the Lambda console. */
  readonly description: string;
  /** Memory in MB; CPU scales with it (1,769 MB = one vCPU). */
  readonly memoryMb?: number;
  readonly timeout?: Duration;
  /** How many of it run at once at most, which is taken from the account's; undefined: as many as there are. */
  readonly reservedConcurrency?: number | undefined;
  /** Files to put in `assets/` beside the bundle, from the project's root. */
  readonly assets?: readonly string[];
}

/** A Lambda function with its own log group and a role that may write to that log and nothing else. */
export class CounterFunction extends Construct {
  readonly lambda: NodejsFunction;

  constructor(
    scope: Construct,
    id: string,
    {
      entry,
      description,
      // A request is a few milliseconds of work around a wait for DynamoDB: less memory stretches
      // the work by what it saves, more is paid for while waiting.
      memoryMb = 512,
      // Five DynamoDB calls at their own limit of 3 s; API Gateway would hang up after 29 s.
      timeout = Duration.seconds(15),
      reservedConcurrency,
      assets = [],
    }: CounterFunctionProps,
  ) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Not the managed AWSLambdaBasicExecutionRole: that may write to every log of the account.
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);

    this.lambda = new NodejsFunction(this, 'Function', {
      description,
      entry: join(projectRoot, entry),
      projectRoot,
      depsLockFilePath: join(projectRoot, 'package-lock.json'),
      role,
      logGroup,
      runtime: Runtime.NODEJS_24_X,
      // A fifth cheaper than x86 for the same work, and nothing here is compiled.
      architecture: Architecture.ARM_64,
      memorySize: memoryMb,
      timeout,
      ...(reservedConcurrency && { reservedConcurrentExecutions: reservedConcurrency }),
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      // Leaves out START and REPORT of every request: at $0.50 a GB they would cost as much as the
      // request itself, and CloudWatch has their numbers as metrics.
      systemLogLevelV2: SystemLogLevel.WARN,
      // A setting of SDK version 2; version 3 keeps connections open by itself.
      awsSdkConnectionReuse: false,
      environment: {
        POWERTOOLS_SERVICE_NAME: `tally-${id.toLowerCase()}`,
        POWERTOOLS_METRICS_NAMESPACE: 'Tally',
      },
      bundling: {
        format: OutputFormat.ESM,
        mainFields: ['module', 'main'],
        // Some dependencies are CommonJS and require Node's own modules; ES modules have no require.
        banner:
          "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
        minify: true,
        logLevel: LogLevel.WARNING,
        // The map lies beside the bundle but is not read: that costs a sixth of every cold start, for
        // stack traces of errors that should not happen. NODE_OPTIONS=--enable-source-maps, set on
        // the function, switches it on. It holds positions only, the code is in the repository.
        sourceMap: true,
        sourcesContent: false,
        // The SDK version of the lock file, tested and tree-shaken, not the one Lambda has that day.
        bundleAwsSDK: true,
        esbuildArgs: {
          '--alias': [
            `@aws-sdk/credential-provider-node=${join(projectRoot, 'functions/runtime/lambda-credentials.ts')}`,
          ],
        },
        commandHooks: {
          beforeBundling: () => [],
          beforeInstall: () => [],
          afterBundling: (inputDir, outputDir) =>
            assets.map((file) =>
              copyCommand(join(inputDir, file), join(outputDir, 'assets', basename(file))),
            ),
        },
      },
    });
  }
}

/** Copied by Node and not by `cp`, which not every shell has. */
function copyCommand(from: string, to: string): string {
  return `node --eval "fs.cpSync(process.argv[1], process.argv[2])" "${from}" "${to}"`;
}
