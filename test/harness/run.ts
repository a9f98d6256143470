/**
 * `npm test`: Vitest in this process, with its command line (`npm test -- test/unit/rules -t "folds"`).
 * The last line on stdout is the closing line, however the run ended, so it is written when the
 * process exits; every signal is therefore turned into an exit. Vitest's workers follow this process.
 * With `--watch` there is no closing line, since there is no end of the run.
 */
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { followParent } from '../../local/follow-parent.ts';
import { ClosingLine } from './closing-line.ts';

const closingLine = new ClosingLine();
let closes = true;
process.on('exit', (code) => {
  if (closes) writeSync(process.stdout.fd, `${closingLine.text(code)}\n`);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}
followParent(() => process.exit(1));

// Imported late: if Vitest cannot even be loaded, the run has to close with its line all the same.
const { parseCLI, startVitest } = await import('vitest/node');

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const { reporter = 'default', watch = false, ...settings } = options;
closes = !watch;
const reporters = [...[reporter].flat(), closingLine];
const vitest = await startVitest(filter, { ...settings, watch, run: !watch, reporters });
// In watch mode Vitest goes on, and exits by itself when it is told to.
if (!watch) await vitest.exit();
