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
  /** The module that exports `handler`, as a path from the project's root. */
  readonly entry: string;
  /** What the function does, for people in the Lambda console. */
  readonly description: string;
  /** Memory in MB; CPU scales with it (1,769 MB = one vCPU). */
  readonly memoryMb?: number;
  readonly timeout?: Duration;
  /** So many run at once at most, reserved from the account's limit; undefined sets no limit. */
  readonly reservedConcurrency?: number | undefined;
  /** Files to put into `assets/` beside the bundle, as paths from the project's root. */
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
      // A request is a few milliseconds of work around a wait for DynamoDB. Less memory makes the work
      // slower by as much as it saves; more memory costs more while the function waits.
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
    // The managed AWSLambdaBasicExecutionRole may write to every log of the account; this role may not.
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
      // A fifth cheaper than x86 for the same work, and the bundle has no native code.
      architecture: Architecture.ARM_64,
      memorySize: memoryMb,
      timeout,
      ...(reservedConcurrency && { reservedConcurrentExecutions: reservedConcurrency }),
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      // Leaves out START and REPORT of each request: at $0.50 a GB they would cost as much as the request
      // itself, and CloudWatch has their numbers as metrics.
      systemLogLevelV2: SystemLogLevel.WARN,
      // Only SDK version 2 needs it; version 3 keeps connections open by default.
      awsSdkConnectionReuse: false,
      environment: {
        POWERTOOLS_SERVICE_NAME: `tally-${id.toLowerCase()}`,
        POWERTOOLS_METRICS_NAMESPACE: 'Tally',
      },
      bundling: {
        format: OutputFormat.ESM,
        mainFields: ['module', 'main'],
        // Some dependencies are CommonJS and require Node's modules, but ES modules have no `require`.
        banner:
          "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
        minify: true,
        logLevel: LogLevel.WARNING,
        // The map lies beside the bundle but is not read: that would cost a sixth of each cold start, for
        // stack traces of errors that should not happen. NODE_OPTIONS=--enable-source-maps on the
        // function switches it on. The map holds only positions; the code is in the repository.
        sourceMap: true,
        sourcesContent: false,
        // The tested SDK version of the lockfile, and only its used parts, not whatever Lambda has.
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

/** Node copies the file, because not every shell has `cp`. */
function copyCommand(from: string, to: string): string {
  return `node --eval "fs.cpSync(process.argv[1], process.argv[2])" "${from}" "${to}"`;
}
