import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import {
  type Entries,
  entriesOfPageBefore,
  packPosition,
  unpackPosition,
} from '../rules/book-pages.ts';
import { limits } from '../rules/limits.ts';
import { OutcomeUnknownError } from '../store/store-errors.ts';
import type {
  Book,
  BookKey,
  Claim,
  ClaimRequest,
  EntryRequest,
  TicketStore,
} from '../store/ticket-store.ts';
import { bookPageAttributes, claimAttributes, bookAttributes as names } from './attributes.ts';
import { fromWire, type Table } from './dynamo-clients.ts';
import { isContention, writeFailure } from './dynamo-errors.ts';
import { expiryClause } from './expiry-clause.ts';
import type { Item } from './item.ts';
import { bookItemKey, bookPageItemKey, claimItemKey, tokenHash } from './item-keys.ts';
import type { ReadItems } from './item-reader.ts';

/**
 * A book has an attribute for each entry, named by the hash of its token: a condition can ask for it,
 * and one expression can set it to the number that it counts to.
 */
const entryName = /^[\w-]{22}$/;

export function createDynamoTicketStore({
  clients,
  tableName: TableName,
  readItems,
}: Table & { readItems: ReadItems }): TicketStore {
  const { retrying } = clients;

  const claim: TicketStore['claim'] = async (request) => {
    try {
      await retrying.send(new PutCommand({ TableName, ...putClaimIfAbsent(request) }));
      return { outcome: 'claimed' };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return { outcome: 'seen', claim: parseClaim(fromWire(error.Item)) };
      }
      if (isContention(error)) return { outcome: 'contended' };
      throw writeFailure(error);
    }
  };

  const enter: TicketStore['enter'] = async (request) => {
    try {
      const { Attributes } = await clients.once.send(
        new UpdateCommand({
          TableName,
          Key: bookItemKey(request.book),
          ...enterExpression(request),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { outcome: 'entered', book: parseBook(Attributes ?? {}) };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        const book = parseBook(fromWire(error.Item));
        const earlier = book.entries.get(tokenHash({ ...request.book, token: request.token }));
        return { outcome: 'refused', book, earlier };
      }
      if (isContention(error)) return { outcome: 'contended', unknown: false };
      const failure = writeFailure(error);
      if (failure instanceof OutcomeUnknownError) return { outcome: 'contended', unknown: true };
      throw failure;
    }
  };

  const findInPages: TicketStore['findInPages'] = async (book, token, { from, to }) => {
    const pages = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
    const keys = pages.map((page) => bookPageItemKey(book, page));
    const items = await readItems(keys, { consistent: true });
    const name = tokenHash({ ...book, token });
    const packed = items.map((item) => item?.[name]).find((found) => found !== undefined);
    return packed === undefined ? undefined : unpackPosition(Number(packed));
  };

  const turnPage: TicketStore['turnPage'] = async (book, seen, nowMs) => {
    const leaving = entriesOfPageBefore(seen.entries, seen.entryCount);
    try {
      // Before it leaves the book, so that it is always in one of them. Every writer writes the
      // same here: the page was complete when the next one was begun.
      if (leaving.size > 0) {
        const Item = pageItem(book, {
          page: seen.page - 1,
          entries: leaving,
          expiresAt: seen.expiresAt,
        });
        await retrying.send(new PutCommand({ TableName, Item }));
      }
      await retrying.send(
        new UpdateCommand({
          TableName,
          Key: bookItemKey(book),
          ...turnExpression(seen.page, leaving, nowMs),
        }),
      );
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return;
      throw writeFailure(error);
    }
  };

  const takeNumber: TicketStore['takeNumber'] = async (book, { firstNumber, nowMs, expiresAt }) => {
    try {
      const { Attributes } = await retrying.send(
        new UpdateCommand({
          TableName,
          Key: bookItemKey(book),
          UpdateExpression: `SET ${nextNumber}, ${names.shift} = if_not_exists(${names.shift}, :one), ${names.updatedAtMs} = :now${expiryClause(expiresAt)}`,
          ExpressionAttributeValues: {
            ':before': firstNumber - 1,
            ':one': 1,
            ':now': nowMs,
            ':x': expiresAt,
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return parseBook(Attributes ?? {});
    } catch (error) {
      throw writeFailure(error);
    }
  };

  return {
    async readBook(book, how) {
      const [item] = await readItems([bookItemKey(book)], how);
      return item && parseBook(item);
    },
    claim,
    enter,
    findInPages,
    turnPage,
    takeNumber,
  };
}

function putClaimIfAbsent({ book, token, claim, expiresAt }: ClaimRequest) {
  return {
    Item: {
      ...claimItemKey({ ...book, token }),
      [claimAttributes.fingerprint]: claim.fingerprint,
      [claimAttributes.day]: claim.day,
      [claimAttributes.fromPage]: claim.fromPage,
      [claimAttributes.number]: claim.position?.number,
      [claimAttributes.shift]: claim.position?.shift,
      [claimAttributes.expiresAt]: expiresAt,
    },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

const nextNumber = `${names.number} = if_not_exists(${names.number}, :before) + :one`;

function enterExpression(request: EntryRequest) {
  const { book, token, fingerprint, shift, fromPage, firstNumber } = request;
  const before = firstNumber - 1;
  const notEntered = 'attribute_not_exists(#token)';
  const hasSpace = orAbsent(names.entryCount, true, `${names.entryCount} < :most`);
  const inShift = orAbsent(names.shift, shift === 1, `${names.shift} = :shift`);
  const inReach = orAbsent(
    names.page,
    fromPage === 0,
    `${names.page} BETWEEN :fromPage AND :nextPage`,
  );
  const entry =
    fingerprint === 'ticket'
      ? `${nextNumber}, ${names.shift} = :shift, #token = if_not_exists(${names.number}, :before) + :toEntry`
      : `${names.number} = :before, ${names.shift} = :newShift, #token = :entry`;
  return {
    UpdateExpression: `SET ${entry}, ${names.page} = if_not_exists(${names.page}, :fromPage), ${names.pageBegunAtMs} = if_not_exists(${names.pageBegunAtMs}, :now), ${names.updatedAtMs} = :now${expiryClause(request.expiresAt)} ADD ${names.entryCount} :one`,
    ConditionExpression: [notEntered, hasSpace, inShift, inReach].join(' AND '),
    ExpressionAttributeNames: { '#token': tokenHash({ ...book, token }) },
    ExpressionAttributeValues: {
      ':before': before,
      ':one': 1,
      ':shift': shift,
      ':fromPage': fromPage,
      ':nextPage': fromPage + 1,
      ':most': limits.bookPage.entriesMax,
      ':now': request.nowMs,
      ':x': request.expiresAt,
      ...(fingerprint === 'ticket'
        ? { ':toEntry': packPosition({ shift, number: 1 }) }
        : {
            ':newShift': shift + 1,
            ':entry': packPosition({ shift: shift + 1, number: before }),
          }),
    },
  };
}

/** What a book that is not there yet counts as, too. */
const orAbsent = (name: string, absentCounts: boolean, clause: string): string =>
  absentCounts ? `(attribute_not_exists(${name}) OR ${clause})` : clause;

function turnExpression(page: number, leaving: Entries, nowMs: number) {
  const entries = [...leaving.keys()].map((name, index) => [`#e${index}`, name] as const);
  const remove =
    entries.length === 0 ? '' : ` REMOVE ${entries.map(([alias]) => alias).join(', ')}`;
  return {
    UpdateExpression: `SET ${names.page} = :next, ${names.pageBegunAtMs} = :now, ${names.entryCount} = :none${remove}`,
    ConditionExpression: `${names.page} = :page`,
    ExpressionAttributeValues: { ':next': page + 1, ':now': nowMs, ':none': 0, ':page': page },
    ...(entries.length === 0 ? {} : { ExpressionAttributeNames: Object.fromEntries(entries) }),
  };
}

function pageItem(
  book: BookKey,
  { page, entries, expiresAt }: { page: number; entries: Entries; expiresAt: number },
): Item {
  const packed = [...entries].map(([name, position]) => [name, packPosition(position)]);
  return {
    ...bookPageItemKey(book, page),
    ...Object.fromEntries(packed),
    [bookPageAttributes.expiresAt]: expiresAt,
  };
}

const parseEntries = (item: Item): Entries =>
  new Map(
    Object.entries(item)
      .filter(([name]) => entryName.test(name))
      .map(([name, packed]) => [name, unpackPosition(Number(packed))]),
  );

const parseBook = (item: Item): Book => ({
  number: Number(item[names.number]),
  shift: Number(item[names.shift] ?? 1),
  page: Number(item[names.page] ?? 0),
  pageBegunAtMs: Number(item[names.pageBegunAtMs] ?? 0),
  entryCount: Number(item[names.entryCount] ?? 0),
  entries: parseEntries(item),
  updatedAtMs: Number(item[names.updatedAtMs]),
  expiresAt: Number(item[names.expiresAt]),
});

function parseClaim(item: Item): Claim {
  const { [claimAttributes.number]: number, [claimAttributes.shift]: shift } = item;
  return {
    fingerprint: item[claimAttributes.fingerprint] === 'reset' ? 'reset' : 'ticket',
    day: String(item[claimAttributes.day]),
    fromPage: Number(item[claimAttributes.fromPage]),
    ...(number === undefined ? {} : { position: { number: Number(number), shift: Number(shift) } }),
  };
}
