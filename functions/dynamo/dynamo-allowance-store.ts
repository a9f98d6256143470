import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { AllowanceStore, Arrival } from '../store/allowance-store.ts';
import { allowanceAttributes as names } from './attributes.ts';
import { fromWire, type Table } from './dynamo-clients.ts';
import { writeFailure } from './dynamo-errors.ts';
import type { Item } from './item.ts';
import { allowanceItemKey } from './item-keys.ts';
import type { ReadItems } from './item-reader.ts';

export function createDynamoAllowanceStore({
  clients: { retrying, once },
  tableName: TableName,
  readItems,
}: Table & { readItems: ReadItems }): AllowanceStore {
  async function update(
    client: DynamoDBDocumentClient,
    input: Omit<UpdateCommandInput, 'TableName'>,
  ): Promise<Arrival> {
    try {
      const { Attributes } = await client.send(
        new UpdateCommand({
          ...input,
          TableName,
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { done: true, arrivalUs: arrivalOf(Attributes) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw writeFailure(error);
      return { done: false, arrivalUs: error.Item && arrivalOf(fromWire(error.Item)) };
    }
  }

  return {
    async read(key, options) {
      const [item] = await readItems([allowanceItemKey(key)], options);
      return arrivalOf(item);
    },

    // DynamoDB has no maximum of two numbers, so it takes two updates: one from now, one from the arrival.
    take(key, { from, nowUs, addUs, latestUs, expiresAt }) {
      const { arrivalUs, expiresAt: ttl } = names;
      const fromWhole = {
        UpdateExpression: `SET ${arrivalUs} = :arrival, ${ttl} = :x`,
        ConditionExpression: `attribute_not_exists(${arrivalUs}) OR ${arrivalUs} < :now`,
        ExpressionAttributeValues: { ':arrival': nowUs + addUs, ':now': nowUs, ':x': expiresAt },
      };
      const fromTaken = {
        UpdateExpression: `SET ${arrivalUs} = ${arrivalUs} + :add, ${ttl} = :x`,
        ConditionExpression: `${arrivalUs} BETWEEN :now AND :latest`,
        ExpressionAttributeValues: {
          ':add': addUs,
          ':now': nowUs,
          ':latest': latestUs,
          ':x': expiresAt,
        },
      };
      return update(retrying, {
        Key: allowanceItemKey(key),
        ...(from === 'whole' ? fromWhole : fromTaken),
      });
    },

    giveBack(key, { nowUs, subtractUs }) {
      const { arrivalUs } = names;
      return update(once, {
        Key: allowanceItemKey(key),
        UpdateExpression: `SET ${arrivalUs} = ${arrivalUs} - :subtract`,
        ConditionExpression: `${arrivalUs} > :now`,
        ExpressionAttributeValues: { ':subtract': subtractUs, ':now': nowUs },
      });
    },
  };
}

function arrivalOf(item: Item | undefined): number | undefined {
  const arrivalUs = item?.[names.arrivalUs];
  return typeof arrivalUs === 'number' ? arrivalUs : undefined;
}
