import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type DynamoClients, fromWire } from './dynamo-clients.ts';
import { isContention, readFailure, writeFailure } from './dynamo-errors.ts';
import { bookItemKey, issueItemKey } from './keys.ts';
import type { BookState, Issue, IssueRequest, TicketStore } from './ticket-store.ts';

type Item = Readonly<Record<string, unknown>>;

export function createDynamoTicketStore({
  clients: { retrying },
  tableName: TableName,
}: {
  clients: DynamoClients;
  tableName: string;
}): TicketStore {
  const issue: TicketStore['issue'] = async (request, from) => {
    const asBelieved =
      from === undefined ? 'attribute_not_exists(pk)' : 'n = :fromNumber AND q = :fromShift';
    try {
      await retrying.send(
        new TransactWriteCommand({
          TransactItems: [
            { Put: { TableName, ...putIssueIfAbsent(request) } },
            {
              Update: {
                TableName,
                Key: bookItemKey(request.book),
                UpdateExpression: 'SET n = :number, q = :shift, t = :now, x = if_not_exists(x, :x)',
                ConditionExpression: asBelieved,
                ExpressionAttributeValues: {
                  ':number': request.issue.number,
                  ':shift': request.issue.shift,
                  ':now': request.nowMs,
                  ':x': request.bookExpiresAt,
                  ':fromNumber': from?.number,
                  ':fromShift': from?.shift,
                },
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
          ],
        }),
      );
      return { outcome: 'issued' };
    } catch (error) {
      if (error instanceof TransactionCanceledException) {
        const [issueReason, bookReason] = error.CancellationReasons ?? [];
        if (issueReason?.Code === 'ConditionalCheckFailed') {
          return { outcome: 'seen', issue: parseIssue(fromWire(issueReason.Item)) };
        }
        if (bookReason?.Code === 'ConditionalCheckFailed') {
          const state = bookReason.Item && parseBook(fromWire(bookReason.Item));
          return { outcome: 'moved', state };
        }
      }
      if (isContention(error)) return { outcome: 'contended', unsure: wasRetried(error) };
      throw writeFailure(error);
    }
  };

  const takeNumber: TicketStore['takeNumber'] = async (book, options) => {
    try {
      const { Attributes } = await retrying.send(
        new UpdateCommand({
          TableName,
          Key: bookItemKey(book),
          UpdateExpression:
            'SET n = if_not_exists(n, :before) + :one, q = if_not_exists(q, :one), t = :now, x = if_not_exists(x, :x)',
          ExpressionAttributeValues: {
            ':before': options.firstNumber - 1,
            ':one': 1,
            ':now': options.nowMs,
            ':x': options.expiresAt,
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return parseBook(Attributes ?? {});
    } catch (error) {
      throw writeFailure(error);
    }
  };

  const rememberIssue: TicketStore['rememberIssue'] = async (request) => {
    try {
      await retrying.send(new PutCommand({ TableName, ...putIssueIfAbsent(request) }));
      return { outcome: 'issued' };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return { outcome: 'seen', issue: parseIssue(fromWire(error.Item)) };
      }
      if (isContention(error)) return { outcome: 'contended', unsure: wasRetried(error) };
      throw writeFailure(error);
    }
  };

  return {
    async readBook(book, { consistent }) {
      try {
        const { Item } = await retrying.send(
          new GetCommand({ TableName, Key: bookItemKey(book), ConsistentRead: consistent }),
        );
        return Item && parseBook(Item);
      } catch (error) {
        throw readFailure(error);
      }
    },
    issue,
    takeNumber,
    rememberIssue,
  };
}

/** Whether the SDK had sent it before, which it does when there was no answer. */
const wasRetried = (error: unknown): boolean =>
  error instanceof DynamoDBServiceException && (error.$metadata.attempts ?? 1) > 1;

function putIssueIfAbsent({ book, token, issue, tokenExpiresAt }: IssueRequest) {
  return {
    Item: {
      ...issueItemKey({ ...book, token }),
      f: issue.fingerprint,
      n: issue.number,
      q: issue.shift,
      y: issue.day,
      x: tokenExpiresAt,
    },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

const parseBook = (item: Item): BookState => ({
  number: Number(item.n),
  shift: Number(item.q),
  updatedAtMs: Number(item.t),
});

const parseIssue = (item: Item): Issue => ({
  fingerprint: item.f === 'reset' ? 'reset' : 'ticket',
  number: Number(item.n),
  shift: Number(item.q),
  day: String(item.y),
});
