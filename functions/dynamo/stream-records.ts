/** What a record of the table's stream means. Images come in DynamoDB's own JSON. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import type { Contribution, Fact, LedgerChange } from '../rules/fold.ts';
import { isCounterName, isName } from '../rules/names.ts';
import { bucketStart } from '../rules/presence.ts';
import { allWindowKey, windowKindOf } from '../rules/windows.ts';
import { cellAttributes, cellWriters, memberAttributes, tokenAttributes } from './attributes.ts';
import { fromWire } from './dynamo-clients.ts';
import { unescapeName } from './escape-name.ts';
import type { Item } from './item.ts';
import { isPageKey } from './item-keys.ts';
import { itemPrefixes } from './item-prefixes.ts';
import { partOfAttribute } from './items.ts';

export type StreamChange =
  | { readonly kind: 'ledger'; readonly change: LedgerChange; readonly malformedImages: number }
  | {
      readonly kind: 'cell';
      /** Undefined if its count is the same as before, or if the fold tells of it itself. */
      readonly move: CellMove | undefined;
      /** What the cell's other windows have to follow. */
      readonly direct: LedgerChange | undefined;
    }
  /** An item that is no part of any total. */
  | { readonly kind: 'other' }
  /** An item that Tally does not write. */
  | { readonly kind: 'foreign' };

/** A cell that moved other than by this region's own fold. */
export interface CellMove {
  readonly subject: string;
  readonly counter: string;
  readonly window: string;
}

/** The items that count nothing. */
const uncountedPrefixes: ReadonlySet<string> = new Set([
  itemPrefixes.growth,
  itemPrefixes.watch,
  itemPrefixes.failedBatch,
  itemPrefixes.book,
  itemPrefixes.sketchBlock,
  itemPrefixes.subscription,
  itemPrefixes.settings,
  itemPrefixes.apiKey,
  itemPrefixes.apiKeyUse,
  itemPrefixes.secret,
  itemPrefixes.deployments,
  itemPrefixes.allowance,
  itemPrefixes.callerAllowance,
]);

/** Never throws: a record that cannot be understood must not stop those behind it. */
export function parseStreamRecord(record: DynamoDBRecord, region: string): StreamChange {
  const { dynamodb = {} } = record;
  const [letter = '', ...escapedParts] = (dynamodb.Keys?.pk?.S ?? '').split('#');
  const keyParts = escapedParts.map(unescapeName);
  const prefix = `${letter}#`;
  if (prefix === itemPrefixes.cell) {
    if (isPageKey(dynamodb.Keys?.sk?.S ?? '')) return { kind: 'other' };
    const direct = parseDirectChange(keyParts, dynamodb);
    return { kind: 'cell', move: parseCellMove(keyParts, dynamodb, region), direct };
  }
  const parse = factParsers.get(prefix);
  if (!parse) {
    return { kind: uncountedPrefixes.has(prefix) ? 'other' : 'foreign' };
  }
  const images = [dynamodb.OldImage, dynamodb.NewImage] as (WireItem | undefined)[];
  // A claim is counted by its register.
  if (prefix === itemPrefixes.token && images.every(isClaim)) return { kind: 'other' };
  const [before, after] = images.map((image) => parseFact(parse, keyParts, image));
  return {
    kind: 'ledger',
    change: {
      sequence: dynamodb.SequenceNumber ?? '0',
      at: dynamodb.ApproximateCreationDateTime ?? 0,
      before: before === 'malformed' ? undefined : before,
      after: after === 'malformed' ? undefined : after,
    },
    malformedImages: [before, after].filter((fact) => fact === 'malformed').length,
  };
}

type StreamImages = NonNullable<DynamoDBRecord['dynamodb']>;
type WireItem = Record<string, AttributeValue>;

type ParseFact = (keyParts: readonly string[], item: Item) => Fact | undefined;

/** The items that count, by how their keys begin. */
const factParsers: ReadonlyMap<string, ParseFact> = new Map([
  [itemPrefixes.token, parseToken],
  [itemPrefixes.member, parseMember],
]);

function parseFact(
  parse: ParseFact,
  keyParts: readonly string[],
  image: WireItem | undefined,
): Fact | 'malformed' | undefined {
  if (image === undefined) return undefined;
  try {
    return parse(keyParts, fromWire(image)) ?? 'malformed';
  } catch {
    return 'malformed';
  }
}

function parseToken([subject = '', counter = '']: readonly string[], item: Item): Fact | undefined {
  const {
    [tokenAttributes.amount]: amount,
    [tokenAttributes.region]: region,
    [tokenAttributes.windows]: windows,
    [tokenAttributes.expiresAt]: expiresAt,
  } = item;
  if (!isCounted(subject, counter) || typeof region !== 'string') return undefined;
  if (typeof expiresAt !== 'number') return undefined;
  if (!Number.isSafeInteger(amount) || !isWindowList(windows)) return undefined;
  const contributions = windows.map(
    (window): Contribution => ({ counter, window, amount: amount as number }),
  );
  const acceptedAtMs = item[tokenAttributes.acceptedAtMs];
  return {
    subject,
    region,
    contributions,
    firstApplied: false,
    expiresAt,
    acceptedAtMs: typeof acceptedAtMs === 'number' ? acceptedAtMs : undefined,
  };
}

/** A member counts 1: for its choice for good, or in the bucket of its last heartbeat. One that left counts nothing. */
function parseMember(
  [subject = '', counter = '']: readonly string[],
  item: Item,
): Fact | undefined {
  const {
    [memberAttributes.choice]: choice,
    [memberAttributes.bucket]: bucket,
    [memberAttributes.region]: region,
    [memberAttributes.sinceMs]: sinceMs,
    [memberAttributes.expiresAt]: expiresAt,
  } = item;
  if (!isCounted(subject, counter) || typeof region !== 'string') return undefined;
  const acceptedAtMs = typeof sinceMs === 'number' ? sinceMs : undefined;
  const common = { subject, region, firstApplied: false, acceptedAtMs };
  if (choice === undefined && bucket === undefined && typeof expiresAt === 'number') {
    return { ...common, contributions: [], expiresAt };
  }
  if (typeof choice === 'string' && isCounterName(choice) && expiresAt === undefined) {
    const contributions = [{ counter, window: allWindowKey, part: choice, amount: 1 }];
    return { ...common, contributions, expiresAt };
  }
  if (typeof bucket !== 'string' || bucketStart(bucket) === undefined) return undefined;
  if (typeof expiresAt !== 'number') return undefined;
  const contributions = [{ counter, window: allWindowKey, part: bucket, amount: 1 }];
  return { ...common, contributions, expiresAt };
}

/** Also of no image: a claim is put, moved and removed, and is never anything else. */
const isClaim = (image: WireItem | undefined): boolean =>
  image === undefined ||
  (image[tokenAttributes.claimedAtMs] !== undefined && image[tokenAttributes.amount] === undefined);

/**
 * What a direct change of a cell means for the other windows of its counter: the difference of its
 * sums of direct changes. A cell that is removed has expired, and takes nothing with it.
 */
function parseDirectChange(
  [subject = '', counter = '', region = '']: readonly string[],
  { Keys, SequenceNumber = '0', ApproximateCreationDateTime: at = 0, ...images }: StreamImages,
): LedgerChange | undefined {
  const { OldImage = {}, NewImage } = images;
  const windows = NewImage?.[cellAttributes.otherWindows]?.L?.map(({ S }) => S);
  if (!NewImage || !isCounted(subject, counter) || !isWindowList(windows)) return undefined;
  const [before, after] = [OldImage, NewImage].map(
    (image) => image[cellAttributes.direct]?.N ?? '0',
  );
  if (before === after || !Number.isFinite(Number(before))) return undefined;
  const amount = Number(BigInt(after ?? 0) - BigInt(before ?? 0));
  const shown = Keys?.sk?.S ?? '';
  const all = [shown, ...windows.filter((window) => window !== shown)];
  const contributions = all.map((window): Contribution => ({ counter, window, amount }));
  const fact = { subject, region, contributions, firstApplied: true, expiresAt: undefined };
  return { sequence: SequenceNumber, at, before: undefined, after: fact };
}

/** Names of any length would make keys that DynamoDB refuses, again and again. */
const isCounted = (subject: string, counter: string): boolean =>
  isName(subject) && isCounterName(counter);

function isWindowList(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((key) => typeof key === 'string' && windowKindOf(key) !== undefined)
  );
}

/**
 * Whether a record of a cell is news. The fold publishes what it changed itself, so its own writes
 * are not; the event source mapping leaves them out already.
 */
function parseCellMove(
  [subject, counter]: readonly string[],
  { Keys, OldImage = {}, NewImage }: NonNullable<DynamoDBRecord['dynamodb']>,
  ownRegion: string,
): CellMove | undefined {
  const window = Keys?.sk?.S;
  if (!subject || !counter || !window || !NewImage) return undefined;
  if (NewImage[cellAttributes.writer]?.S === cellWriters.fold(ownRegion)) return undefined;
  const counts = Object.keys(NewImage).filter(
    (name) => name === cellAttributes.count || partOfAttribute(name) !== undefined,
  );
  if (counts.every((name) => NewImage[name]?.N === OldImage[name]?.N)) return undefined;
  return { subject, counter, window };
}
