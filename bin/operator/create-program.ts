import { Command } from 'commander';
import type { TallyConfig } from '../../functions/counters/define-counters.ts';
import { addCheckCommand } from './check-command.ts';
import { addKeyCommands } from './key-commands.ts';
import { addSecretCommands } from './secret-commands.ts';

const after = `
Run \`npx node bin/tally.ts help COMMAND\` or add --help to any command for what it takes.

Exit codes: 0 done; 1 refused or failed; 2 the command line itself is wrong.
With --json, answers on stdout and errors on stderr are JSON.

The first API key, with every right:
  npx node bin/tally.ts keys create --table NAME --actions read,write,admin --subjects '*'`;

/** Every topic adds its commands. It ends by throwing a CommanderError, never the process. */
export function createProgram(config: TallyConfig): Command {
  const program = new Command('npx node bin/tally.ts')
    .description("Tally's command line for operators.")
    .helpOption('-h, --help', 'show what a command takes')
    .helpCommand('help [command]', 'the same')
    .addHelpText('after', after)
    // Errors are told by bin/tally.ts, in our words.
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .exitOverride();
  addKeyCommands(program, config);
  addSecretCommands(program);
  addCheckCommand(program, config);
  return program;
}
