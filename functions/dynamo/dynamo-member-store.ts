import { isDeepStrictEqual } from 'node:util';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { ViewerSessions } from '../rules/viewer-sessions.ts';
import type {
  MemberState,
  MemberStore,
  MemberWrite,
  MemberWriteOutcome,
  StoredMember,
} from '../store/member-store.ts';
import { memberAttributes as names } from './attributes.ts';
import { fromWire, type Table } from './dynamo-clients.ts';
import { readFailure, writeFailure } from './dynamo-errors.ts';
import type { Item } from './item.ts';
import { memberItemKey } from './item-keys.ts';

export function createDynamoMemberStore({
  clients: { retrying },
  tableName: TableName,
}: Table): MemberStore {
  return {
    async read(key) {
      try {
        const { Item } = await retrying.send(
          new GetCommand({ TableName, Key: memberItemKey(key), ConsistentRead: true }),
        );
        return Item && parseMember(Item);
      } catch (error) {
        throw readFailure(error);
      }
    },

    async write(key, write) {
      const { state, region, stamp, replaces, expiresAt } = write;
      try {
        await retrying.send(
          new PutCommand({
            TableName,
            Item: {
              ...memberItemKey(key),
              [names.choice]: state.choice,
              [names.bucket]: state.bucket,
              [names.sessions]: state.sessions && Object.fromEntries(state.sessions),
              [names.sinceMs]: state.sinceMs,
              [names.region]: region,
              [names.stamp]: stamp,
              [names.expiresAt]: expiresAt,
            },
            ...onlyIfStampIs(replaces),
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return { outcome: 'written' };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw writeFailure(error);
        return refused(write, error.Item && parseMember(fromWire(error.Item)));
      }
    },
  };
}

const onlyIfStampIs = (stamp: number | undefined) =>
  stamp === undefined
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : {
        ConditionExpression: `${names.stamp} = :stamp`,
        ExpressionAttributeValues: { ':stamp': stamp },
      };

/** An earlier attempt of the same write may be what is stored: its reply was lost. */
function refused(
  { state, stamp }: MemberWrite,
  stored: StoredMember | undefined,
): MemberWriteOutcome {
  const isOwn = stored?.stamp === stamp && isDeepStrictEqual(plain(stored), plain(state));
  return isOwn ? { outcome: 'written' } : { outcome: 'refused', stored };
}

/** What tells two states apart: also two tabs that beat in the same millisecond. */
const plain = ({ choice, bucket, sessions = new Map(), sinceMs }: MemberState) => [
  choice,
  bucket,
  sessions,
  sinceMs,
];

function parseMember(item: Item): StoredMember {
  const { [names.choice]: choice, [names.bucket]: bucket, [names.stamp]: stamp } = item;
  const { [names.sessions]: sessions, [names.sinceMs]: sinceMs } = item;
  return {
    ...(typeof choice === 'string' ? { choice } : {}),
    ...(typeof bucket === 'string' ? { bucket } : {}),
    ...(typeof sessions === 'object' && sessions !== null
      ? { sessions: parseSessions(sessions) }
      : {}),
    ...(typeof sinceMs === 'number' ? { sinceMs } : {}),
    stamp: Number(stamp ?? 0),
  };
}

const parseSessions = (sessions: object): ViewerSessions =>
  new Map(
    Object.entries(sessions).filter((it): it is [string, number] => Number.isSafeInteger(it[1])),
  );
