/** Random calls with random expressions, valid and invalid, on a handful of items. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import type { TableRequest } from '../../../local/memory-table/table-request.ts';

const tableName = 'filled in by the test';
const names = ['a', 'b', 'n', '#w'];
const keys = { pk: ['p#1', 'p#2'], sk: ['-', '2096-02-29', '2096-02-29T09'] };

const number = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -3, max: 3 }).map(String) },
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
  fc.constantFrom('0.5', '-1.25', '1.50', '0.001'),
);
const text = fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'é', '\u{ffff}', '\u{10000}');
const scalar: fc.Arbitrary<AttributeValue> = fc.oneof(
  { weight: 6, arbitrary: number.map((N) => ({ N })) },
  { weight: 3, arbitrary: text.map((S) => ({ S })) },
  fc.uint8Array({ maxLength: 3 }).map((B) => ({ B: new Uint8Array(B) })),
  fc.boolean().map((BOOL) => ({ BOOL })),
  fc.constant({ NULL: true as const }),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  { weight: 12, arbitrary: scalar },
  fc.array(scalar, { maxLength: 2 }).map((L) => ({ L })),
  // The engine's stream leaves out what an empty map is.
  fc.dictionary(fc.constantFrom('a', 'b'), scalar, { minKeys: 1 }).map((M) => ({ M: { ...M } })),
);

const key = fc
  .record({ pk: fc.constantFrom(...keys.pk), sk: fc.constantFrom(...keys.sk) })
  .map(({ pk, sk }) => ({ pk: { S: pk }, sk: { S: sk } }));

const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...names) },
  fc.constantFrom('pk', 'sk', '#v', 'is', '#undefined'),
);
const valueName = fc.constantFrom(':0', ':1', ':2');
const size = name.map((it) => `size(${it})`);
const operand = fc.oneof({ weight: 4, arbitrary: name }, { weight: 4, arbitrary: valueName }, size);
const comparator = fc.constantFrom('=', '<>', '<', '<=', '>', '>=');

const { condition } = fc.letrec<{ condition: string; simple: string }>((tie) => ({
  condition: fc.oneof(
    { weight: 6, arbitrary: tie('simple') },
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `${a} AND ${b}`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a} OR ${b})`),
    tie('condition').map((it) => `NOT ${it}`),
    tie('simple').map((it) => `(${it})`),
    tie('simple').map((it) => `((${it}))`),
  ),
  simple: fc.oneof(
    { weight: 4, arbitrary: name.map((it) => `attribute_not_exists(${it})`) },
    name.map((it) => `attribute_exists(${it})`),
    { weight: 6, arbitrary: fc.tuple(operand, comparator, operand).map((it) => it.join(' ')) },
    fc.tuple(operand, operand, operand).map(([a, b, c]) => `${a} BETWEEN ${b} AND ${c}`),
    fc.tuple(operand, valueName, operand).map(([a, b, c]) => `${a} IN (${b}, ${c})`),
    fc.tuple(name, operand).map(([a, b]) => `begins_with(${a}, ${b})`),
    fc.tuple(name, operand).map(([a, b]) => `contains(${a}, ${b})`),
    fc.tuple(name, valueName).map(([a, b]) => `attribute_type(${a}, ${b})`),
  ),
}));

const { term } = fc.letrec<{ term: string }>((tie) => ({
  term: fc.oneof(
    { weight: 3, arbitrary: name },
    { weight: 4, arbitrary: valueName },
    fc.tuple(name, tie('term')).map(([a, b]) => `if_not_exists(${a}, ${b})`),
  ),
}));
const set = fc
  .tuple(
    name,
    fc.oneof(
      term,
      fc.tuple(term, fc.constantFrom('+', '-'), term).map((it) => it.join(' ')),
    ),
  )
  .map((it) => it.join(' = '));
const listOf = (one: fc.Arbitrary<string>) =>
  fc.array(one, { minLength: 1, maxLength: 2 }).map((it) => it.join(', '));
const clause = fc.oneof(
  { weight: 3, arbitrary: listOf(set).map((it) => `SET ${it}`) },
  {
    weight: 3,
    arbitrary: listOf(fc.tuple(name, valueName).map((it) => it.join(' '))).map((it) => `ADD ${it}`),
  },
  listOf(name).map((it) => `REMOVE ${it}`),
);
const update = fc.array(clause, { minLength: 1, maxLength: 3 }).map((it) => it.join(' '));

/** What the names stand for; `#v` and `#w` are the same attribute, by two names. */
const meanings: Readonly<Record<string, string>> = { '#w': 'window', '#v': 'window' };

/** Fills in what the expressions use, and now and then something that they do not. */
function withPlaceholders<T extends object>(
  input: T,
  { values, isWasteful }: { values: readonly AttributeValue[]; isWasteful: boolean },
): T {
  const expressions = JSON.stringify(input);
  const isUsed = (placeholder: string) =>
    isWasteful || new RegExp(`${placeholder}\\b`).test(expressions);
  const usedNames = Object.entries(meanings).filter(([it]) => isUsed(it));
  const usedValues = values
    .map((it, index) => [`:${index}`, it] as const)
    .filter(([it]) => isUsed(it));
  return {
    ...input,
    ...(usedNames.length > 0 ? { ExpressionAttributeNames: Object.fromEntries(usedNames) } : {}),
    ...(usedValues.length > 0 ? { ExpressionAttributeValues: Object.fromEntries(usedValues) } : {}),
  };
}

const anyMeaning = fc.record({
  values: fc.array(value, { minLength: 3, maxLength: 3 }),
  isWasteful: fc.integer({ min: 0, max: 19 }).map((it) => it === 0),
});
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const oldWanted = fc.constantFrom('NONE', 'ALL_OLD');
const given = <T extends object>(input: T): T =>
  Object.fromEntries(Object.entries(input).filter(([, it]) => it !== undefined)) as T;

const put = fc
  .record({
    Key: key,
    attributes: fc.dictionary(fc.constantFrom('a', 'b', 'n', 'window'), value),
    ConditionExpression: maybe(condition),
    ReturnValues: oldWanted,
    ReturnValuesOnConditionCheckFailure: oldWanted,
    meaning: anyMeaning,
  })
  .map(({ Key, attributes, meaning, ...rest }) => ({
    operation: 'PutItem',
    input: withPlaceholders(
      { TableName: tableName, ...given(rest), Item: { ...attributes, ...Key } },
      meaning,
    ),
  }));

const updateItem = fc
  .record({
    Key: key,
    UpdateExpression: update,
    ConditionExpression: maybe(condition),
    ReturnValues: fc.constantFrom('NONE', 'ALL_OLD', 'ALL_NEW'),
    ReturnValuesOnConditionCheckFailure: oldWanted,
    meaning: anyMeaning,
  })
  .map(({ meaning, ...rest }) => ({
    operation: 'UpdateItem',
    input: withPlaceholders({ TableName: tableName, ...given(rest) }, meaning),
  }));

const deleteItem = fc
  .record({
    Key: key,
    ConditionExpression: maybe(condition),
    ReturnValues: oldWanted,
    ReturnValuesOnConditionCheckFailure: oldWanted,
    meaning: anyMeaning,
  })
  .map(({ meaning, ...rest }) => ({
    operation: 'DeleteItem',
    input: withPlaceholders({ TableName: tableName, ...given(rest) }, meaning),
  }));

const get = fc
  .record({ Key: key, ProjectionExpression: maybe(fc.constantFrom('a', 'a, n', 'pk, b')) })
  .map((it) => ({
    operation: 'GetItem',
    input: { TableName: tableName, ConsistentRead: true, ...given(it) },
  }));

const batchGet = fc.array(key, { minLength: 1, maxLength: 4 }).map((Keys) => ({
  operation: 'BatchGetItem',
  input: { RequestItems: { [tableName]: { Keys, ConsistentRead: true } } },
}));

const sortCondition = fc.constantFrom(
  '',
  ' AND sk = :s',
  ' AND sk BETWEEN :s AND :t',
  ' AND begins_with(sk, :s)',
  ' AND sk < :s',
  ' AND sk >= :s',
  ' AND sk <> :s',
  ' AND n = :s',
);
const query = fc
  .record({
    pk: fc.constantFrom(...keys.pk),
    sort: sortCondition,
    s: fc.constantFrom('-', '2', '2096-02-29'),
    t: fc.constantFrom('-', '2096-02-29', '~'),
    FilterExpression: maybe(fc.constantFrom('attribute_exists(a)', 'attribute_exists(n)')),
    ScanIndexForward: fc.boolean(),
    Limit: maybe(fc.integer({ min: 1, max: 3 })),
    ExclusiveStartKey: maybe(fc.constantFrom('-', '2096-02-29')),
    Select: maybe(fc.constant('COUNT')),
  })
  .map(({ pk, sort, s, t, ExclusiveStartKey, Limit, ...rest }) => ({
    operation: 'Query',
    input: {
      TableName: tableName,
      ConsistentRead: true,
      KeyConditionExpression: `pk = :p${sort}`,
      ExpressionAttributeValues: {
        ':p': { S: pk },
        ...(sort.includes(':s') ? { ':s': { S: s } } : {}),
        ...(sort.includes(':t') ? { ':t': { S: t } } : {}),
      },
      ...given(rest),
      // Where a range ends just at the limit, the engine may know that nothing follows.
      ...(Limit === undefined || /=|BETWEEN/.test(sort) ? {} : { Limit }),
      ...(ExclusiveStartKey === undefined || sort !== ''
        ? {}
        : { ExclusiveStartKey: { pk: { S: pk }, sk: { S: ExclusiveStartKey } } }),
    },
  }));

/** @param table the name of the table that the calls are for */
export const randomRequests = (table: string): fc.Arbitrary<TableRequest[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: put },
        { weight: 8, arbitrary: updateItem },
        { weight: 2, arbitrary: deleteItem },
        { weight: 1, arbitrary: get },
        { weight: 1, arbitrary: batchGet },
        { weight: 2, arbitrary: query },
      ),
      { minLength: 4, maxLength: 12 },
    )
    .map((requests) =>
      requests.map(
        (request) => ({ ...request, input: named(request.input, table) }) as TableRequest,
      ),
    );

function named(input: object, table: string): object {
  if ('TableName' in input) return { ...input, TableName: table };
  const { RequestItems } = input as { RequestItems: Record<string, object> };
  return { RequestItems: { [table]: RequestItems[tableName] } };
}
