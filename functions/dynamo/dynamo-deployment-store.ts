import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import type { DeploymentRecord } from '../rules/deployments.ts';
import type { DeploymentStore } from '../store/deployment-store.ts';
import { deploymentsAttributes as names } from './attributes.ts';
import type { Table } from './dynamo-clients.ts';
import { readFailure } from './dynamo-errors.ts';
import { type Item, malformedItem } from './item.ts';
import { deploymentsItemKey } from './item-keys.ts';

export function createDynamoDeploymentStore({
  clients: { retrying },
  tableName: TableName,
}: Table): DeploymentStore {
  return {
    async read() {
      try {
        const { Item } = await retrying.send(
          new GetCommand({ TableName, Key: deploymentsItemKey, ConsistentRead: true }),
        );
        return Item && { record: parseRecord(Item), revision: Number(Item[names.revision]) };
      } catch (error) {
        throw readFailure(error);
      }
    },

    async write({ tokenLife, boundedSinceMs, shapes }, replaces) {
      try {
        await retrying.send(
          new PutCommand({
            TableName,
            Item: {
              ...deploymentsItemKey,
              [names.revision]: replaces + 1,
              [names.tokenHours]: tokenLife.hours,
              [names.tokenHoursBefore]: tokenLife.hoursBefore,
              [names.tokenSinceMs]: tokenLife.sinceMs,
              [names.boundedSinceMs]: Object.fromEntries(boundedSinceMs),
              [names.shapes]: Object.fromEntries(shapes),
            },
            ...(replaces === 0
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: `${names.revision} = :replaces`,
                  ExpressionAttributeValues: { ':replaces': replaces },
                }),
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw readFailure(error);
      }
    },
  };
}

/** @throws if it is malformed; it is not replaced, since nothing else knows what it said */
function parseRecord(item: Item): DeploymentRecord {
  const {
    [names.tokenHours]: hours,
    [names.tokenHoursBefore]: hoursBefore,
    [names.tokenSinceMs]: sinceMs,
    [names.boundedSinceMs]: bounded,
    [names.shapes]: shapes,
  } = item;
  const areNumbers =
    typeof hours === 'number' && typeof hoursBefore === 'number' && typeof sinceMs === 'number';
  if (!areNumbers || typeof bounded !== 'object' || bounded === null) throw malformedItem(item);
  const since = Object.entries(bounded).map(
    ([counter, at]: [string, unknown]) => [counter, typeof at === 'number' ? at : null] as const,
  );
  const parsed = v.safeParse(shapesSchema, shapes);
  if (!parsed.success) throw malformedItem(item);
  return {
    tokenLife: { hours, hoursBefore, sinceMs },
    boundedSinceMs: new Map(since),
    shapes: new Map(Object.entries(parsed.output)),
  };
}

const shapesSchema = v.record(
  v.string(),
  v.object({
    kind: v.string(),
    windows: v.exactOptional(v.array(v.string())),
    choices: v.exactOptional(v.array(v.string())),
    bounds: v.exactOptional(v.object({ min: v.optional(v.number()), max: v.optional(v.number()) })),
  }),
);
