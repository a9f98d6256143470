import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Subscription, SubscriptionStore } from '../store/subscription-store.ts';
import { subscriptionAttributes as names } from './attributes.ts';
import type { DynamoClients } from './dynamo-clients.ts';
import { readFailure, writeFailure } from './dynamo-errors.ts';
import { subscriptionItemKey, userPartition } from './item-keys.ts';

export function createDynamoSubscriptionStore({
  clients: { retrying },
  tableName: TableName,
}: {
  clients: DynamoClients;
  tableName: string;
}): SubscriptionStore {
  /** A condition that fails says that there was nothing to do. */
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
            // The user that has just subscribed or read must see it.
            ConsistentRead: true,
          },
        );
        for await (const { Items = [] } of pages) subscriptions.push(...Items.map(parse));
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
            Item: { ...subscriptionItemKey(user, subscription), [names.seen]: subscription.seen },
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
            UpdateExpression: `SET ${names.seen} = :seen`,
            // Fails, too, for a subscription that is not there.
            ConditionExpression: `${names.seen} < :seen OR ${names.seen} = :before`,
            ExpressionAttributeValues: { ':seen': seen, ':before': subscription.seen },
          }),
        ),
      ),
  };
}

function parse(item: Readonly<Record<string, unknown>>): Subscription {
  const [subject = '', counter = ''] = String(item.sk).split('#');
  return { subject, counter, seen: BigInt(item[names.seen] as number | bigint) };
}
