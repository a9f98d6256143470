/** What all commands that work on the table have in common. */
import type { Command } from 'commander';
import type { Table } from '../../functions/dynamo/dynamo-clients.ts';
import { createDynamoClients } from '../../functions/dynamo/dynamo-clients.ts';
import { environmentNames } from '../../functions/runtime/environment-names.ts';
import { CommandFailure } from './failures.ts';
import { UsageMistake } from './usage-mistakes.ts';

export interface TableFlags {
  readonly table?: string;
  readonly json?: true;
}

/** A command with the flags `--table` and `--json`. */
export const tableCommand = (topic: Command, usage: string, description: string): Command =>
  topic
    .command(usage)
    .description(description)
    .option(
      '--table <name>',
      `the table, an output of the stack; or ${environmentNames.table} in the environment`,
    )
    .option('--json', 'answer in JSON');

const noTable = `The table is missing. Name it by --table or ${environmentNames.table}: it is the output TableName of the stack
(\`npx cdk deploy\` prints it, and so does \`aws cloudformation describe-stacks --stack-name Tally\`).`;

const noCredentials = `There are no AWS credentials. Sign in (\`aws sso login\`, \`aws configure\`), or set AWS_PROFILE, or
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. They need the right to read and write the table.`;

const noRegion = `The AWS region is missing. Set AWS_REGION to the region of the stack, such as eu-west-1.`;

/**
 * The table of a command, once it is known how to reach it.
 * @throws UsageMistake without a table; CommandFailure without credentials or a region
 */
export async function openTable({ table }: TableFlags): Promise<Table> {
  const tableName = table ?? process.env[environmentNames.table];
  if (!tableName) throw new UsageMistake(noTable);
  const clients = createDynamoClients();
  const { credentials, region } = clients.retrying.config;
  await found(credentials(), noCredentials);
  await found(region(), noRegion);
  return { clients, tableName };
}

async function found(lookUp: Promise<unknown>, otherwise: string): Promise<void> {
  try {
    await lookUp;
  } catch (error) {
    throw new CommandFailure(otherwise, { cause: error });
  }
}

/** Answers a program in JSON, and people in words: lines for stdout, and a remark for stderr. */
export function answer(
  { json }: TableFlags,
  { data, lines, remark }: { data: object; lines: readonly string[]; remark?: string },
): void {
  if (json) {
    console.log(JSON.stringify(data));
    return;
  }
  for (const line of lines) console.log(line);
  if (remark !== undefined) console.error(remark);
}
