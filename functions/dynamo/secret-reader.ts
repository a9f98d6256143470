import { randomBytes } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { secretAttributes as names } from './attributes.ts';
import type { DynamoClients } from './dynamo-clients.ts';
import { readFailure } from './dynamo-errors.ts';
import { secretItemKey } from './item-keys.ts';

/**
 * The secret lives in the table, beside what it protects: it costs nothing, needs no set-up, and
 * reaches every region with the table's replicas. It is read once per container.
 */
export function createSecretReader({
  clients,
  tableName: TableName,
}: {
  clients: DynamoClients;
  tableName: string;
}): () => Promise<Buffer> {
  let secret: Promise<Buffer> | undefined;

  async function read(): Promise<Buffer | undefined> {
    const { Item } = await clients.retrying.send(
      new GetCommand({ TableName, Key: secretItemKey, ConsistentRead: true }),
    );
    return Item && Buffer.from(Item[names.secret] as Uint8Array);
  }

  async function make(): Promise<Buffer> {
    const made = randomBytes(32);
    try {
      await clients.retrying.send(
        new PutCommand({
          TableName,
          Item: { ...secretItemKey, [names.secret]: made },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
      return made;
    } catch (error) {
      // Another function was first; its secret counts.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return (await read()) ?? made;
    }
  }

  return () => {
    secret ??= read()
      .then((found) => found ?? make())
      .catch((error: unknown) => {
        secret = undefined;
        throw readFailure(error);
      });
    return secret;
  };
}
