import { randomBytes } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { limits } from '../rules/limits.ts';
import type { SecretVersion } from '../rules/secret-versions.ts';
import type { SecretStore, Secrets } from '../store/secret-store.ts';
import { StoreUnavailableError } from '../store/store-errors.ts';
import { secretAttributes as names } from './attributes.ts';
import type { Table } from './dynamo-clients.ts';
import { readFailure, writeFailure } from './dynamo-errors.ts';
import { type Item, malformedItem } from './item.ts';
import { secretItemKey } from './item-keys.ts';

/**
 * The secrets live in the table, beside what they protect: they cost nothing, need no set-up, and
 * reach every region with the table's replicas.
 */
export function createDynamoSecretStore({
  clients: { retrying },
  tableName: TableName,
}: Table): SecretStore {
  async function find(): Promise<Secrets | undefined> {
    const command = new GetCommand({ TableName, Key: secretItemKey, ConsistentRead: true });
    const { Item } = await retrying.send(command).catch((error: unknown) => {
      throw readFailure(error);
    });
    return Item && parseSecrets(Item);
  }

  /** @returns whether the condition held */
  async function put(
    secrets: Secrets,
    condition: { ConditionExpression: string; ExpressionAttributeValues?: Record<string, number> },
  ): Promise<boolean> {
    try {
      const Item = { ...secretItemKey, ...secretsAttributes(secrets) };
      await retrying.send(new PutCommand({ TableName, Item, ...condition }));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw writeFailure(error);
    }
  }

  async function make(): Promise<Secrets> {
    const made: Secrets = {
      revision: 1,
      sketchKey: randomBytes(limits.secretBytes),
      versions: [
        { id: 1, bytes: randomBytes(limits.secretBytes), signsFromMs: 0, endsAtMs: undefined },
      ],
    };
    if (await put(made, { ConditionExpression: 'attribute_not_exists(pk)' })) return made;
    // Another function was first; its secrets count.
    const theirs = await find();
    if (!theirs) throw new StoreUnavailableError('the secret was deleted while it was made');
    return theirs;
  }

  return {
    async read() {
      return (await find()) ?? make();
    },

    replace: (secrets) =>
      put(secrets, {
        ConditionExpression: `${names.revision} = :before`,
        ExpressionAttributeValues: { ':before': secrets.revision - 1 },
      }),
  };
}

const secretsAttributes = ({ revision, sketchKey, versions }: Secrets) => ({
  [names.revision]: revision,
  [names.sketchKey]: sketchKey,
  [names.versions]: versions.map(({ id, bytes, signsFromMs, endsAtMs }) => [
    id,
    bytes,
    signsFromMs,
    endsAtMs ?? null,
  ]),
});

const bytes = v.pipe(
  v.instance(Uint8Array),
  v.check(({ byteLength }) => byteLength === limits.secretBytes),
  v.transform((array) => Buffer.from(array)),
);
const version = v.pipe(
  v.strictTuple([v.number(), bytes, v.number(), v.nullable(v.number())]),
  v.transform(
    ([id, secret, signsFromMs, endsAtMs]): SecretVersion => ({
      id,
      bytes: secret,
      signsFromMs,
      endsAtMs: endsAtMs ?? undefined,
    }),
  ),
);
const itemSchema = v.object({
  [names.revision]: v.number(),
  [names.sketchKey]: bytes,
  [names.versions]: v.tupleWithRest([version], version),
});

/** @throws if the item is malformed; it is not replaced, since other secrets end all passes */
function parseSecrets(item: Item): Secrets {
  const { success, output } = v.safeParse(itemSchema, item);
  if (!success) throw malformedItem(item);
  return {
    revision: output[names.revision],
    sketchKey: output[names.sketchKey],
    versions: output[names.versions],
  };
}
