import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FunctionBundle {
  /** The construct's name in the stack, in lower case: `read`, `write`, `site`, `stream`. */
  readonly name: string;
  /** The folder that Lambda gets. */
  readonly folder: string;
  /** Environment variables; undefined stands for values that only CloudFormation knows. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Finds the bundle of every Lambda function in a folder that `cdk synth` has written. */
export function functionBundles(assembly: string): FunctionBundle[] {
  const artifacts = Object.values(
    (readJson(join(assembly, 'manifest.json')) as Manifest).artifacts,
  );
  const assetFolders = new Map(
    artifacts
      .flatMap(({ type, properties }) => (type === 'cdk:asset-manifest' ? properties.file : []))
      .flatMap((file) => Object.entries((readJson(join(assembly, file)) as AssetManifest).files))
      .map(([hash, { source }]) => [`${hash}.zip`, join(assembly, source.path)]),
  );
  return artifacts
    .flatMap(({ type, properties }) =>
      type === 'aws:cloudformation:stack' ? properties.templateFile : [],
    )
    .flatMap((file) => Object.values((readJson(join(assembly, file)) as Template).Resources))
    .filter((resource) => resource.Type === 'AWS::Lambda::Function')
    .map(({ Properties: { Code, Environment }, Metadata }) => ({
      name: Metadata['aws:cdk:path'].split('/').at(1)?.toLowerCase() ?? '',
      folder: assetFolders.get(Code.S3Key) ?? fail(`${Code.S3Key} is not among the assets`),
      environment: Object.fromEntries(
        Object.entries(Environment.Variables).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : undefined,
        ]),
      ),
    }));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function fail(message: string): never {
  throw new Error(message);
}

interface Manifest {
  readonly artifacts: Record<
    string,
    | {
        readonly type: 'aws:cloudformation:stack';
        readonly properties: { readonly templateFile: string };
      }
    | { readonly type: 'cdk:asset-manifest'; readonly properties: { readonly file: string } }
    | { readonly type: 'cdk:tree'; readonly properties: object }
  >;
}

interface AssetManifest {
  readonly files: Record<string, { readonly source: { readonly path: string } }>;
}

interface Template {
  readonly Resources: Record<
    string,
    {
      readonly Type: string;
      readonly Properties: {
        readonly Code: { readonly S3Key: string };
        readonly Environment: { readonly Variables: Record<string, unknown> };
      };
      readonly Metadata: { readonly 'aws:cdk:path': string };
    }
  >;
}
