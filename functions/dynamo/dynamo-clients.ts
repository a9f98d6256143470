/**
 * The two clients of DynamoDB. `retrying` is for calls that may be sent again. `once` is for the plain
 * ADD, which may not: a 500 or a timeout may come after the write, and the SDK's own retries would
 * count it twice. `once` is also for calls on a hot cell, where trying another shard is better than
 * waiting for the same one, and for calls whose caller tries again by itself.
 */
import { type AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { limits } from '../rules/limits.ts';
import { noteFailedAttempt } from './dynamo-errors.ts';
import type { Item } from './item.ts';

export interface DynamoClients {
  readonly retrying: DynamoDBDocumentClient;
  readonly once: DynamoDBDocumentClient;
}

/** The table, and how to reach it: what every store needs. */
export interface Table {
  readonly clients: DynamoClients;
  readonly tableName: string;
}

const unmarshallOptions = { wrapNumbers: exactNumber };

/** @param endpoint another engine than the region's own; by default the SDK's usual look-up */
export function createDynamoClients(endpoint?: string): DynamoClients {
  function create(maxAttempts: number): DynamoDBDocumentClient {
    const client = new DynamoDBClient({
      maxAttempts,
      ...(endpoint === undefined ? {} : { endpoint }),
      requestHandler: {
        httpAgent: { maxSockets: limits.dynamoSockets },
        httpsAgent: { maxSockets: limits.dynamoSockets },
        connectionTimeout: limits.dynamoConnectMs,
        requestTimeout: limits.dynamoRequestMs,
        throwOnRequestTimeout: true,
      },
    });
    noteFailedAttempts(client);
    return DynamoDBDocumentClient.from(client, {
      marshallOptions: { removeUndefinedValues: true },
      // A copy, because the document client writes a setting of its own into it.
      unmarshallOptions: { ...unmarshallOptions },
    });
  }
  return { retrying: create(3), once: create(1) };
}

/** Runs inside the SDK's retry loop, so it sees every attempt. */
function noteFailedAttempts(client: DynamoDBClient): void {
  client.middlewareStack.add(
    (next) => {
      let unknown = false;
      return async (args) => {
        try {
          return await next(args);
        } catch (error) {
          unknown = noteFailedAttempt(error, unknown);
          throw error;
        }
      };
    },
    { step: 'finalizeRequest', priority: 'low', name: 'noteFailedAttempts' },
  );
}

/**
 * Parses an item that did not come through the document client: the old item of a failed condition, or
 * an image in the stream. Undefined gives an empty item.
 */
export function fromWire(item: Record<string, AttributeValue> = {}): Item {
  return unmarshall(item, unmarshallOptions);
}

function exactNumber(digits: string): number | bigint {
  const value = Number(digits);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(digits) : value;
}
