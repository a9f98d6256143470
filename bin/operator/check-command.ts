/** `check`: what a configuration would do to the numbers in the table, before it is deployed. */
import type { Command } from 'commander';
import type { TallyConfig } from '../../functions/counters/define-counters.ts';
import { counterShapes } from '../../functions/counters/deployments.ts';
import { createDynamoDeploymentStore } from '../../functions/dynamo/dynamo-deployment-store.ts';
import { changesThatHide } from '../../functions/rules/counter-changes.ts';
import { answer, openTable, type TableFlags, tableCommand } from './table-command.ts';

const description =
  'say which numbers in the table tally.config.ts would hide, and which writes it would refuse; run it before a deployment';

export function addCheckCommand(program: Command, { counters }: TallyConfig): void {
  tableCommand(program, 'check', description).action(async (flags: TableFlags) => {
    const stored = await createDynamoDeploymentStore(await openTable(flags)).read();
    const changes = changesThatHide(stored?.record.shapes ?? new Map(), counterShapes(counters));
    answer(flags, {
      data: { changes },
      lines: changes.map(({ counter, consequence }) => `${counter} ${consequence}`),
      remark: remarkOn(stored !== undefined, changes.length),
    });
    if (changes.length > 0) process.exitCode = 1;
  });
}

function remarkOn(isRecorded: boolean, changes: number): string {
  if (!isRecorded)
    return 'The table has no record of a deployment yet, so there is nothing to hide.';
  if (changes === 0) return 'No number is hidden, and no write refused.';
  return 'Nothing is deleted: the definitions that were bring the numbers back. More: docs/configuration.md';
}
