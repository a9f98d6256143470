/** From the document client's commands, which hold JavaScript values, to requests, and back to values. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { fromWire } from '../../functions/dynamo/dynamo-clients.ts';
import type { WireItem } from './attribute-values.ts';
import type { TableAnswer, TableRequest } from './table-request.ts';

type Values = Readonly<Record<string, unknown>>;

export function toRequest(command: unknown): TableRequest {
  if (command instanceof PutCommand) {
    const input = { ...command.input, ...wireParts(command.input) };
    return { operation: 'PutItem', input: { ...input, Item: toWire(command.input.Item) } };
  }
  if (command instanceof UpdateCommand) {
    return { operation: 'UpdateItem', input: { ...command.input, ...wireParts(command.input) } };
  }
  if (command instanceof DeleteCommand) {
    return { operation: 'DeleteItem', input: { ...command.input, ...wireParts(command.input) } };
  }
  if (command instanceof GetCommand) {
    return { operation: 'GetItem', input: { ...command.input, ...wireParts(command.input) } };
  }
  if (command instanceof QueryCommand) {
    return { operation: 'Query', input: { ...command.input, ...wireParts(command.input) } };
  }
  if (command instanceof BatchGetCommand) {
    const tables = Object.entries(command.input.RequestItems ?? {}).map(
      ([table, { Keys = [], ...rest }]) => [table, { ...rest, Keys: Keys.map(toWire) }] as const,
    );
    return { operation: 'BatchGetItem', input: { RequestItems: Object.fromEntries(tables) } };
  }
  throw new Error(`the memory table does not know ${String(command?.constructor.name)}`);
}

/** The members of an input that hold values. */
function wireParts(input: {
  Key?: Values | undefined;
  ExclusiveStartKey?: Values | undefined;
  ExpressionAttributeValues?: Values | undefined;
}) {
  const { Key, ExclusiveStartKey, ExpressionAttributeValues } = input;
  return {
    Key: toWire(Key),
    ExclusiveStartKey: ExclusiveStartKey && toWire(ExclusiveStartKey),
    ExpressionAttributeValues: ExpressionAttributeValues && toWire(ExpressionAttributeValues),
  };
}

const toWire = (values: Values | undefined): Record<string, AttributeValue> =>
  marshall({ ...values }, { removeUndefinedValues: true });

const fromWireItem = (item: WireItem): Values => fromWire({ ...item });

export function toDocumentAnswer(answer: TableAnswer): object {
  const { Attributes, Item, Items, Responses, UnprocessedKeys, LastEvaluatedKey, ...rest } = answer;
  return {
    $metadata: {},
    ...rest,
    ...(Attributes ? { Attributes: fromWireItem(Attributes) } : {}),
    ...(Item ? { Item: fromWireItem(Item) } : {}),
    ...(Items ? { Items: Items.map(fromWireItem) } : {}),
    ...(LastEvaluatedKey ? { LastEvaluatedKey: fromWireItem(LastEvaluatedKey) } : {}),
    ...(Responses ? { Responses: mapped(Responses, (items) => items.map(fromWireItem)) } : {}),
    ...(UnprocessedKeys
      ? {
          UnprocessedKeys: mapped(UnprocessedKeys, ({ Keys = [], ...how }) => ({
            ...how,
            Keys: Keys.map(fromWireItem),
          })),
        }
      : {}),
  };
}

function mapped<T, R>(record: Readonly<Record<string, T>>, to: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));
}
