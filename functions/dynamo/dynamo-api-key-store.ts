import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { limits } from '../rules/limits.ts';
import { actions } from '../rules/scopes.ts';
import type { ApiKey, ApiKeyStore } from '../store/api-key-store.ts';
import { apiKeyAttributes as names, apiKeyUseAttributes as useNames } from './attributes.ts';
import type { Table } from './dynamo-clients.ts';
import { readFailure, writeFailure } from './dynamo-errors.ts';
import { type Item, malformedItem } from './item.ts';
import { apiKeyItemKey, apiKeyUseItemKey } from './item-keys.ts';
import { apiKeysPartition, apiKeyUsesPartition } from './item-prefixes.ts';

export function createDynamoApiKeyStore({
  clients: { retrying, once },
  tableName: TableName,
}: Table): ApiKeyStore {
  async function itemsOf(partition: string): Promise<Item[]> {
    const items: Item[] = [];
    try {
      const pages = paginateQuery(
        { client: retrying },
        {
          TableName,
          KeyConditionExpression: 'pk = :partition',
          ExpressionAttributeValues: { ':partition': partition },
          ConsistentRead: true,
        },
      );
      for await (const { Items = [] } of pages) items.push(...Items);
    } catch (error) {
      throw readFailure(error);
    }
    return items;
  }

  return {
    async find(id) {
      const command = new GetCommand({ TableName, Key: apiKeyItemKey(id), ConsistentRead: true });
      const { Item } = await retrying.send(command).catch((error: unknown) => {
        throw readFailure(error);
      });
      if (!Item) return undefined;
      const key = parseApiKey(Item);
      if (!key) throw malformedItem(Item);
      return key;
    },

    async list() {
      const [keys, uses] = await Promise.all([
        itemsOf(apiKeysPartition),
        itemsOf(apiKeyUsesPartition),
      ]);
      const lastUsedDays = new Map(uses.map((item) => [item.sk, lastUsedDayOf(item)]));
      // One malformed key must not hide the others.
      return keys
        .map(parseApiKey)
        .filter((key) => key !== undefined)
        .map((key) => ({ ...key, lastUsedDay: lastUsedDays.get(key.id) }));
    },

    async create(key) {
      try {
        await retrying.send(
          new PutCommand({
            TableName,
            Item: {
              ...apiKeyItemKey(key.id),
              [names.secretHash]: key.secretHash,
              [names.scopes]: key.scopes,
              [names.callsPerMinute]: key.callsPerMinute,
              [names.createdAtMs]: key.createdAtMs,
            },
            // The SDK sends it again if the answer is lost; that must not fail because of itself.
            ConditionExpression: `attribute_not_exists(pk) OR ${names.secretHash} = :hash`,
            ExpressionAttributeValues: { ':hash': key.secretHash },
          }),
        );
      } catch (error) {
        throw writeFailure(error);
      }
    },

    async remove(id) {
      try {
        const { Attributes } = await retrying.send(
          new DeleteCommand({ TableName, Key: apiKeyItemKey(id), ReturnValues: 'ALL_OLD' }),
        );
        return Attributes !== undefined;
      } catch (error) {
        throw writeFailure(error);
      }
    },

    async noteUse(id, day) {
      try {
        await once.send(
          new UpdateCommand({
            TableName,
            Key: apiKeyUseItemKey(id),
            UpdateExpression: `SET ${useNames.lastUsedDay} = :day, ${useNames.expiresAt} = :x`,
            ConditionExpression: `attribute_not_exists(${useNames.lastUsedDay}) OR ${useNames.lastUsedDay} < :day`,
            ExpressionAttributeValues: {
              ':day': day,
              ':x': Date.parse(day) / 1000 + limits.keepKeyUseDays * 86_400,
            },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw writeFailure(error);
      }
    },
  };
}

const lastUsedDayOf = ({ [useNames.lastUsedDay]: day }: Item): string | undefined =>
  typeof day === 'string' ? day : undefined;

const keySchema = v.object({
  sk: v.string(),
  // Comparing it with a hash throws if their lengths differ.
  [names.secretHash]: v.pipe(
    v.instance(Uint8Array),
    v.check(({ byteLength }) => byteLength === 32),
  ),
  [names.scopes]: v.array(
    v.object({
      actions: v.array(v.picklist(actions)),
      subjects: v.array(v.string()),
      counters: v.optional(v.array(v.string())),
    }),
  ),
  [names.callsPerMinute]: v.optional(v.number()),
  [names.createdAtMs]: v.number(),
});

/** Undefined if the item does not hold what Tally writes. */
function parseApiKey(item: Item): ApiKey | undefined {
  const result = v.safeParse(keySchema, item);
  if (!result.success) return undefined;
  const { output } = result;
  return {
    id: output.sk,
    secretHash: Buffer.from(output[names.secretHash]),
    scopes: output[names.scopes],
    callsPerMinute: output[names.callsPerMinute],
    createdAtMs: output[names.createdAtMs],
  };
}
