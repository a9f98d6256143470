/**
 * `npm run defences`: takes one defence after the other out of the code, in the memory of a test run, and
 * runs the test that stands for it. A test that passes without its defence is worth nothing. Arguments:
 * words that the attacks of the wanted rows begin with; by default all of them.
 */
import type { Plugin } from 'vite';
import { startVitest } from 'vitest/node';
import { startEngine } from '../../local/engine.ts';
import { type Defence, defences } from './defences.ts';
import { readThreats, root, type ThreatTest } from './threat-table.ts';

const wanted = process.argv.slice(2).join(' ');
const engine = await startEngine({ dataFolder: 'memory' });
process.env.AWS_ENDPOINT_URL_DYNAMODB = engine.endpoint;
const threats = readThreats();
let survivors = 0;
for (const defence of defences.filter(({ attack }) => attack.startsWith(wanted))) {
  const { attack, file, test = 0 } = defence;
  const standing = threats.find((threat) => threat.attack === attack)?.tests[test];
  if (!standing) throw new Error(`docs/security.md has no test ${test} of "${attack}"`);
  const failed = await countFailures(defence, standing);
  if (failed === 0) survivors += 1;
  console.log(`${failed > 0 ? `fails (${failed})` : 'PASSES'}  ${attack}  [${file}]`);
}
await engine.stop();
console.log(survivors === 0 ? 'No test passes without its defence.' : `${survivors} tests pass.`);
process.exit(survivors === 0 ? 0 : 1);

async function countFailures(defence: Defence, { file, title }: ThreatTest): Promise<number> {
  const vitest = await startVitest(
    'test',
    [file],
    { root, run: true, watch: false, testNamePattern: patternOf(title), reporters: [{}] },
    { plugins: [takenOut(defence)] },
  );
  const tests = vitest.state.getTestModules().flatMap((it) => [...it.children.allTests('failed')]);
  await vitest.close();
  return tests.length;
}

/** `%s` stands for what a table of cases puts in. */
function patternOf(title: string): string {
  const parts = title.split('%s');
  return parts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
}

function takenOut({ file, without }: Defence): Plugin {
  return {
    name: 'tally:defence-taken-out',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith(`/${file}`)) return undefined;
      return without.reduce((changed, [text, instead]) => {
        if (!changed.includes(text)) throw new Error(`${file} has no "${text}"`);
        return changed.replace(text, () => instead);
      }, code);
    },
  };
}
