/** `secret`: what signs the passes. */
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { rotateSecret } from '../../functions/access/rotate-secret.ts';
import { createDynamoSecretStore } from '../../functions/dynamo/dynamo-secret-store.ts';
import { limits } from '../../functions/rules/limits.ts';
import { CommandFailure } from './failures.ts';
import { answer, openTable, type TableFlags, tableCommand } from './table-command.ts';

export function addSecretCommands(program: Command): void {
  const secret = program.command('secret').description('replace the secret that signs passes');

  tableCommand(secret, 'rotate', 'make a new version of the secret')
    .option(
      '--end-passes',
      'all passes end, because the secret may be known to somebody; left out, none does',
    )
    .action(async (flags: TableFlags & { readonly endPasses?: true }) => {
      const store = createDynamoSecretStore(await openTable(flags));
      const newBytes = () => randomBytes(limits.secretBytes);
      const endsPasses = flags.endPasses === true;
      const rotation = await rotateSecret({ store, now: Date.now, newBytes }, { endsPasses });
      if (!rotation.ok) throw new CommandFailure(rotation.detail);
      const { id, signsFromMs } = rotation.made;
      const signsFrom = new Date(signsFromMs).toISOString();
      const passes = endsPasses
        ? 'then all passes end'
        : 'passes stay valid until their own time is over';
      answer(flags, {
        data: { version: id, signs_from: signsFrom, ends_passes: endsPasses },
        lines: [],
        remark: `Version ${id} of the secret signs from ${signsFrom} on; ${passes}.`,
      });
    });
}
