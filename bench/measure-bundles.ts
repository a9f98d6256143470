import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { environmentNames } from '../functions/runtime/environment-names.ts';
import { type FunctionBundle, functionBundles } from './function-bundles.ts';

/**
 * Measures what a cold start of each function costs: how much code Lambda fetches, and how long Node
 * needs to import it. `npm run build` runs it after `cdk synth`.
 */
const runs = 5;

/** They stand in for values that only CloudFormation knows. */
const placeholders: Readonly<Record<string, string>> = {
  [environmentNames.regions]: 'us-east-1',
  [environmentNames.liveHttp]: 'https://example.com/event',
};

/** Prints only the stack of a failure: Node would also print the line, which is the whole bundle. */
const importTimer = `
  const start = performance.now();
  await import(process.argv[1]).catch(({ stack }) => { console.error(stack); process.exit(1); });
  console.log(performance.now() - start);
  process.exit();
`;

console.table(
  Object.fromEntries(functionBundles('cdk.out').map((bundle) => [bundle.name, measure(bundle)])),
);

function measure({ folder, environment }: FunctionBundle) {
  const file = join(folder, 'index.mjs');
  const code = readFileSync(file);
  const times = Array.from({ length: runs }, () => importTimeMs(file, environment));
  return {
    'bundle KB': kilobytes(code.length),
    'gzip KB': kilobytes(gzipSync(code).length),
    'import ms': Math.round(times.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN),
  };
}

/** Takes a fresh process, as Lambda does: nothing is cached from the run before. */
function importTimeMs(file: string, environment: FunctionBundle['environment']): number {
  const variables = Object.entries(environment).map(([name, value]) => [
    name,
    value ?? placeholders[name] ?? 'unknown',
  ]);
  const [region = 'us-east-1'] = environment[environmentNames.regions]?.split(',') ?? [];
  const output = execFileSync(
    process.execPath,
    ['--input-type=module', '--eval', importTimer, pathToFileURL(file).href],
    {
      env: { [environmentNames.region]: region, ...Object.fromEntries(variables) },
      encoding: 'utf8',
    },
  );
  return Number(output.trim().split('\n').at(-1));
}

function kilobytes(bytes: number): number {
  return Math.round(bytes / 102.4) / 10;
}
