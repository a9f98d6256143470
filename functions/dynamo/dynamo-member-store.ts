import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { MemberState, MemberStore } from '../store/member-store.ts';
import { memberAttributes as names } from './attributes.ts';
import type { Table } from './dynamo-clients.ts';
import { readFailure, writeFailure } from './dynamo-errors.ts';
import type { Item } from './item.ts';
import { memberItemKey } from './item-keys.ts';

/** Every write sets the whole item, so it may be sent again. */
export function createDynamoMemberStore({
  clients: { retrying },
  tableName: TableName,
}: Table): MemberStore {
  async function put(item: Item): Promise<MemberState | undefined> {
    try {
      const { Attributes } = await retrying.send(
        new PutCommand({ TableName, Item: { ...item }, ReturnValues: 'ALL_OLD' }),
      );
      return Attributes && parseMember(Attributes);
    } catch (error) {
      throw writeFailure(error);
    }
  }

  return {
    async readChoice(key) {
      try {
        const { Item } = await retrying.send(
          new GetCommand({ TableName, Key: memberItemKey(key), ConsistentRead: true }),
        );
        return Item && parseMember(Item).choice;
      } catch (error) {
        throw readFailure(error);
      }
    },

    async choose(key, choice, region) {
      return (
        await put({
          ...memberItemKey(key),
          [names.choice]: choice,
          [names.region]: region,
        })
      )?.choice;
    },

    async beat(key, bucket, { region, expiresAt }) {
      return (
        await put({
          ...memberItemKey(key),
          [names.bucket]: bucket,
          [names.region]: region,
          [names.expiresAt]: expiresAt,
        })
      )?.bucket;
    },

    async remove(key) {
      try {
        const { Attributes } = await retrying.send(
          new DeleteCommand({ TableName, Key: memberItemKey(key), ReturnValues: 'ALL_OLD' }),
        );
        return Attributes && parseMember(Attributes);
      } catch (error) {
        throw writeFailure(error);
      }
    },
  };
}

function parseMember(item: Item): MemberState {
  const { [names.choice]: choice, [names.bucket]: bucket } = item;
  return {
    ...(typeof choice === 'string' ? { choice } : {}),
    ...(typeof bucket === 'string' ? { bucket } : {}),
  };
}
