/**
 * The operator's command line. It works on the table itself, so it takes AWS credentials instead of an
 * API key. What a program may read goes to stdout, what is only for people to stderr.
 *
 * Exit codes: 0 done; 1 refused or failed; 2 the command line itself is wrong.
 */
import { CommanderError } from 'commander';
import { loadConfig } from './load-config.ts';
import { createProgram } from './operator/create-program.ts';
import { CommandFailure, explainFailure } from './operator/failures.ts';
import { UsageMistake, usageMistakeOf } from './operator/usage-mistakes.ts';

const args = process.argv.slice(2);
const program = createProgram(await loadConfig());

try {
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  process.exitCode = report(error);
}

/** @returns the exit code */
function report(error: unknown): number {
  // Help was asked for and is shown.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const mistake = error instanceof CommanderError ? usageMistakeOf(error, program, args) : error;
  const message =
    mistake instanceof UsageMistake || mistake instanceof CommandFailure
      ? mistake.message
      : explainFailure(mistake);
  console.error(args.includes('--json') ? JSON.stringify({ error: message }) : message);
  return mistake instanceof UsageMistake ? 2 : 1;
}
