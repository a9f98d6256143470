/**
 * `npm run defences`: takes one defence after the other out of the code, in the memory of a test run, and
 * runs the test that stands for it. A test that passes without its defence is worth nothing. Arguments:
 * words that the attacks of the wanted rows begin with; by default all of them. It exits with 1 if a test
 * passes, and with 2 if there is no such row.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { Plugin } from 'vite';
import { startVitest } from 'vitest/node';
import { startTestEngine } from '../engine/test-engine.ts';
import { type Defence, defences } from './defences.ts';
import { readThreats, root } from './threat-table.ts';
import { withoutDefence } from './without-defence.ts';

/** What became of the test of one defence, as its process tells it. */
interface Report {
  readonly run: number;
  readonly failed: number;
}

const only = process.env.TALLY_DEFENCE;
if (only === undefined) await takeOutAll(process.argv.slice(2).join(' '));
else process.send?.(await takeOutOne(Number(only)));
process.exit();

/** Each in a process of its own, so that several can run at the same time. */
async function takeOutAll(beginning: string): Promise<void> {
  if (!defences.some(({ attack }) => attack.startsWith(beginning))) {
    console.error(`No attack begins with "${beginning}"; docs/security.md has them all.`);
    process.exitCode = 2;
    return;
  }
  const engine = await startTestEngine({ dataFolder: 'memory' });
  const limit = pLimit(availableParallelism());
  const outcomes = await limit.map(defences, async ({ attack, file }, index) => {
    if (!attack.startsWith(beginning)) return true;
    const environment = {
      TALLY_DEFENCE: String(index),
      AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
      // For the servers that the test starts.
      NODE_OPTIONS: `--import ${import.meta.resolve('./taken-out.ts')}`,
    };
    const child = fork(import.meta.filename, { env: { ...process.env, ...environment } });
    const [{ run, failed }] = (await once(child, 'message')) as [Report];
    console.log(`${failed > 0 ? 'fails' : 'PASSES'} (${failed} of ${run})  ${attack}  [${file}]`);
    return failed > 0;
  });
  await engine.stop();
  const passing = outcomes.filter((isGood) => !isGood).length;
  console.log(passing === 0 ? 'No test passes without its defence.' : `${passing} pass without.`);
  process.exitCode = passing === 0 ? 0 : 1;
}

async function takeOutOne(index: number): Promise<Report> {
  const defence = defences[index];
  const threat = readThreats().find(({ attack }) => attack === defence?.attack);
  const standing = threat?.tests[defence?.test ?? 0];
  if (!defence || !standing) throw new Error(`docs/security.md has no test for defence ${index}`);
  const testNamePattern = patternOf(standing.title);
  const vitest = await startVitest(
    [standing.file],
    // Modules would be remembered on disk by the names of plugins, and not by what these do.
    { root, run: true, watch: false, testNamePattern, fsModuleCache: false, reporters: [{}] },
    { plugins: [takenOut(defence)] },
  );
  const tests = vitest.state.getTestModules().flatMap((it) => [...it.children.allTests()]);
  const states = tests.map((it) => it.result().state);
  await vitest.close();
  return {
    run: states.filter((state) => state !== 'skipped').length,
    failed: states.filter((state) => state === 'failed').length,
  };
}

/** `%s` and `%j` stand for what a table of cases puts in. */
function patternOf(title: string): string {
  const parts = title.split(/%[sj]/);
  return parts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
}

function takenOut(defence: Defence): Plugin {
  return {
    name: 'tally:defence-taken-out',
    enforce: 'pre',
    transform(code, id) {
      return id.endsWith(`/${defence.file}`) ? withoutDefence(code, defence) : undefined;
    },
  };
}
