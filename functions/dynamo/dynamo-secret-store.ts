import { randomBytes } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { SecretStore } from '../store/secret-store.ts';
import { StoreUnavailableError } from '../store/store-errors.ts';
import { secretAttributes as names } from './attributes.ts';
import type { Table } from './dynamo-clients.ts';
import { readFailure } from './dynamo-errors.ts';
import { type Item, malformedItem } from './item.ts';
import { secretItemKey } from './item-keys.ts';

const secretBytes = 32;

/**
 * The secret lives in the table, beside what it protects: it costs nothing, needs no set-up, and
 * reaches every region with the table's replicas. It is read once per container.
 */
export function createDynamoSecretStore({
  clients: { retrying },
  tableName: TableName,
}: Table): SecretStore {
  let secret: Promise<Buffer> | undefined;

  async function find(): Promise<Buffer | undefined> {
    const command = new GetCommand({ TableName, Key: secretItemKey, ConsistentRead: true });
    const { Item } = await retrying.send(command).catch((error: unknown) => {
      throw readFailure(error);
    });
    return Item && parseSecret(Item);
  }

  async function make(): Promise<Buffer> {
    const bytes = randomBytes(secretBytes);
    try {
      await retrying.send(
        new PutCommand({
          TableName,
          Item: { ...secretItemKey, [names.secret]: bytes },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
      return bytes;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw readFailure(error);
    }
    // Another function was first; its secret counts.
    const theirs = await find();
    if (!theirs) throw new StoreUnavailableError('the secret was deleted while it was made');
    return theirs;
  }

  return {
    read() {
      secret ??= find()
        .then((found) => found ?? make())
        .catch((error: unknown) => {
          secret = undefined;
          throw error;
        });
      return secret;
    },
  };
}

/** @throws if it is malformed; it is not replaced, since a new secret ends all passes */
function parseSecret(item: Item): Buffer {
  const secret = item[names.secret];
  const isSecret = secret instanceof Uint8Array && secret.byteLength === secretBytes;
  if (!isSecret) throw malformedItem(item);
  return Buffer.from(secret);
}
