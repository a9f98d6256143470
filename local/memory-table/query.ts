/** Queries: the items of one partition key, in the order of their sort keys. */
import type {
  AttributeValue,
  QueryCommandInput,
  QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../../functions/dynamo/table-definition.ts';
import { compareTexts, itemBytes, type WireItem } from './attribute-values.ts';
import { type Condition, type ParsedCondition, parseCondition } from './condition.ts';
import { checkCondition, isFulfilled } from './evaluate-condition.ts';
import { ExpressionText } from './expression-text.ts';
import { nameOfKey } from './normal-item.ts';
import { Placeholders } from './placeholders.ts';
import { invalid } from './refused.ts';

const { partitionKey, sortKey } = tableDefinition;
const pageBytes = 1_024 * 1_024;

export interface QueryPlan {
  readonly pk: string;
  readonly run: (partition: Iterable<WireItem>) => QueryPage;
}

interface QueryPage {
  readonly output: Omit<QueryCommandOutput, '$metadata'>;
  /** The size of all items that were looked at, whether they were found or filtered out. */
  readonly bytes: number;
}

/** @throws a ValidationException */
export function planQuery(input: QueryCommandInput): QueryPlan {
  const placeholders = new Placeholders(input);
  const keys = parseCondition('KeyConditionExpression', input.KeyConditionExpression ?? '');
  const filter = optionally(input.FilterExpression, (it) => parseCondition('FilterExpression', it));
  const projection = optionally(input.ProjectionExpression, parseProjection);
  placeholders.check([keys, filter, projection].filter((it) => it !== undefined));
  checkCondition(keys.condition, placeholders);
  if (filter) checkCondition(filter.condition, placeholders);
  if (input.Limit !== undefined && input.Limit < 1) throw invalid('Limit must be at least 1');
  return {
    pk: partitionOf(keys.condition, placeholders),
    run: (partition) => runQuery(partition, { input, placeholders, keys, filter, projection }),
  };
}

interface Projection {
  readonly names: readonly string[];
  readonly used: ReadonlySet<string>;
}

export function parseProjection(text: string): Projection {
  const words = new ExpressionText('ProjectionExpression', text);
  const names = words.takeList(() => words.takeName());
  if (!words.isAtEnd) throw words.syntaxError();
  return { names, used: words.used };
}

export function projected(
  item: WireItem,
  projection: Projection | undefined,
  placeholders: Placeholders,
): Record<string, AttributeValue> {
  if (!projection) return { ...item };
  const shown = new Set(projection.names.map((name) => placeholders.attribute(name)));
  return Object.fromEntries(Object.entries(item).filter(([name]) => shown.has(name)));
}

function runQuery(
  partition: Iterable<WireItem>,
  {
    input,
    placeholders,
    keys,
    filter,
    projection,
  }: {
    input: QueryCommandInput;
    placeholders: Placeholders;
    keys: ParsedCondition;
    filter: ParsedCondition | undefined;
    projection: Projection | undefined;
  },
): QueryPage {
  const direction = input.ScanIndexForward === false ? -1 : 1;
  const start = input.ExclusiveStartKey && nameOfKey(input.ExclusiveStartKey).sk;
  const inRange = [...partition]
    .filter((item) => isFulfilled(keys.condition, item, placeholders))
    .toSorted((a, b) => direction * compareTexts(sortTextOf(a), sortTextOf(b)))
    .filter((item) => start === undefined || direction * compareTexts(sortTextOf(item), start) > 0);
  const seen: WireItem[] = [];
  let bytes = 0;
  for (const item of inRange) {
    if (seen.length === input.Limit || bytes >= pageBytes) break;
    seen.push(item);
    bytes += itemBytes(item);
  }
  const found = filter
    ? seen.filter((item) => isFulfilled(filter.condition, item, placeholders))
    : seen;
  const last = seen.at(-1);
  // After as many items as were asked for, DynamoDB does not look whether there are more.
  const isCut = seen.length < inRange.length || seen.length === input.Limit;
  return {
    bytes,
    output: {
      Count: found.length,
      ScannedCount: seen.length,
      ...(input.Select === 'COUNT'
        ? {}
        : { Items: found.map((item) => projected(item, projection, placeholders)) }),
      ...(isCut && last ? { LastEvaluatedKey: keyOf(last) } : {}),
    },
  };
}

const sortTextOf = (item: WireItem): string => item[sortKey]?.S ?? '';

function keyOf(item: WireItem): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(item).filter(([name]) => name === partitionKey || name === sortKey),
  );
}

/** The partition key that a key condition names; beside it there may be one condition on the sort key. */
function partitionOf(condition: Condition, placeholders: Placeholders): string {
  const parts = condition.kind === 'and' ? [condition.left, condition.right] : [condition];
  const found = parts.flatMap((part) =>
    attributeOf(part, placeholders) === partitionKey ? [equalTo(part, placeholders)] : [],
  );
  const sorted = parts.filter(
    (part) => attributeOf(part, placeholders) === sortKey && isRange(part),
  );
  const [pk] = found;
  if (pk === undefined || found.length + sorted.length !== parts.length || sorted.length > 1) {
    throw invalid('Query key condition not supported');
  }
  return pk;
}

function isRange(condition: Condition): boolean {
  if (condition.kind === 'compare') return condition.comparator !== '<>';
  return (
    condition.kind === 'between' || (condition.kind === 'call' && condition.name === 'begins_with')
  );
}

function attributeOf(condition: Condition, placeholders: Placeholders): string | undefined {
  const operand =
    condition.kind === 'compare'
      ? condition.left
      : condition.kind === 'between'
        ? condition.operand
        : condition.kind === 'call'
          ? condition.first
          : undefined;
  return operand?.kind === 'attribute' ? placeholders.attribute(operand.name) : undefined;
}

function equalTo(condition: Condition, placeholders: Placeholders): string | undefined {
  if (condition.kind !== 'compare' || condition.comparator !== '=') return undefined;
  if (condition.right.kind !== 'value') return undefined;
  return placeholders.value(condition.right.name).S;
}

export const optionally = <T, R>(value: T | undefined, use: (it: T) => R): R | undefined =>
  value === undefined ? undefined : use(value);
