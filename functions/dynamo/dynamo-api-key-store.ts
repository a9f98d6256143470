import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Scope } from '../rules/scopes.ts';
import type { ApiKey, ApiKeyStore } from '../store/api-key-store.ts';
import { apiKeyAttributes as names } from './attributes.ts';
import type { DynamoClients } from './dynamo-clients.ts';
import { readFailure, writeFailure } from './dynamo-errors.ts';
import { apiKeyItemKey } from './item-keys.ts';
import { apiKeysPartition } from './item-prefixes.ts';

type Item = Readonly<Record<string, unknown>>;

export function createDynamoApiKeyStore({
  clients: { retrying, once },
  tableName: TableName,
}: {
  clients: DynamoClients;
  tableName: string;
}): ApiKeyStore {
  return {
    async find(id) {
      try {
        const { Item } = await retrying.send(
          new GetCommand({ TableName, Key: apiKeyItemKey(id), ConsistentRead: true }),
        );
        return Item && parse(Item);
      } catch (error) {
        throw readFailure(error);
      }
    },

    async list() {
      const keys: ApiKey[] = [];
      try {
        const pages = paginateQuery(
          { client: retrying },
          {
            TableName,
            KeyConditionExpression: 'pk = :keys',
            ExpressionAttributeValues: { ':keys': apiKeysPartition },
            ConsistentRead: true,
          },
        );
        for await (const { Items = [] } of pages) keys.push(...Items.map(parse));
      } catch (error) {
        throw readFailure(error);
      }
      return keys;
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
            // The SDK sends it again if the answer is lost, and must then not stumble over itself.
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
            Key: apiKeyItemKey(id),
            UpdateExpression: `SET ${names.lastUsedDay} = :day`,
            ConditionExpression: `attribute_exists(pk) AND (attribute_not_exists(${names.lastUsedDay}) OR ${names.lastUsedDay} < :day)`,
            ExpressionAttributeValues: { ':day': day },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw writeFailure(error);
      }
    },
  };
}

const parse = (item: Item): ApiKey => ({
  id: String(item.sk),
  secretHash: Buffer.from(item[names.secretHash] as Uint8Array),
  scopes: item[names.scopes] as Scope[],
  callsPerMinute:
    item[names.callsPerMinute] === undefined ? undefined : Number(item[names.callsPerMinute]),
  createdAtMs: Number(item[names.createdAtMs]),
  lastUsedDay: item[names.lastUsedDay] as string | undefined,
});
