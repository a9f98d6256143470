import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isCounterName, isName } from '../rules/names.ts';
import type { Subscription, SubscriptionStore } from '../store/subscription-store.ts';
import { subscriptionAttributes as names } from './attributes.ts';
import type { Table } from './dynamo-clients.ts';
import { readFailure, writeFailure } from './dynamo-errors.ts';
import { unescapeName } from './escape-name.ts';
import type { Item } from './item.ts';
import { subscriptionItemKey, userPartition } from './item-keys.ts';

export function createDynamoSubscriptionStore({
  clients: { retrying },
  tableName: TableName,
}: Table): SubscriptionStore {
  /** A failed condition means that there was nothing to do. */
  async function write(send: () => Promise<unknown>): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw writeFailure(error);
    }
  }

  return {
    async list(user) {
      const subscriptions: Subscription[] = [];
      try {
        const pages = paginateQuery(
          { client: retrying },
          {
            TableName,
            KeyConditionExpression: 'pk = :user',
            ExpressionAttributeValues: { ':user': userPartition(user) },
            // A user must see what they have just subscribed to or read.
            ConsistentRead: true,
          },
        );
        for await (const { Items = [] } of pages) {
          subscriptions.push(...Items.map(parseSubscription).filter((it) => it !== undefined));
        }
      } catch (error) {
        throw readFailure(error);
      }
      return subscriptions;
    },

    add: (user, subscription) =>
      write(() =>
        retrying.send(
          new PutCommand({
            TableName,
            Item: {
              ...subscriptionItemKey(user, subscription),
              [names.seen]: subscription.seen.count,
              [names.seenResetAway]: subscription.seen.resetAway,
            },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      ),

    remove: (user, subscription) =>
      write(() =>
        retrying.send(
          new DeleteCommand({ TableName, Key: subscriptionItemKey(user, subscription) }),
        ),
      ),

    markSeen: (user, subscription, seen) =>
      write(() =>
        retrying.send(
          new UpdateCommand({
            TableName,
            Key: subscriptionItemKey(user, subscription),
            UpdateExpression: `SET ${names.seen} = :seen, ${names.seenResetAway} = :resetAway`,
            // Fails, too, for a subscription that is not there.
            ConditionExpression: [isListed, isBeforeReset, isLess].join(' OR '),
            ExpressionAttributeValues: {
              ':seen': seen.count,
              ':resetAway': seen.resetAway,
              ':listed': subscription.seen.count,
              ':listedResetAway': subscription.seen.resetAway,
            },
          }),
        ),
      ),
  };
}

const isListed = `(${names.seen} = :listed AND ${names.seenResetAway} = :listedResetAway)`;
const isBeforeReset = `${names.seenResetAway} < :resetAway`;
const isLess = `(${names.seenResetAway} = :resetAway AND ${names.seen} < :seen)`;

/** Undefined if the item does not hold what Tally writes: the user's other badges must go on. */
function parseSubscription(item: Item): Subscription | undefined {
  const [escaped = '', counter = '', ...rest] = String(item.sk).split('#');
  const subject = unescapeName(escaped);
  const count = wholeNumber(item[names.seen]);
  const resetAway = wholeNumber(item[names.seenResetAway]);
  if (count === undefined || resetAway === undefined) return undefined;
  if (!isName(subject) || !isCounterName(counter) || rest.length > 0) return undefined;
  return { subject, counter, seen: { count, resetAway } };
}

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
