import { createHmac } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import pLimit from 'p-limit';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createCounters } from '../../../functions/counters/counters.ts';
import { secretItemKey } from '../../../functions/dynamo/item-keys.ts';
import { parseCounter, requireKind } from '../../../functions/http/parse-names.ts';
import { registerOf, standardError } from '../../../functions/rules/hyperloglog.ts';
import { admin, adminKey } from '../../harness/access/callers.ts';
import { createTestTable, type TestTable } from '../../harness/engine/test-table.ts';
import { type CapacityMeter, startCapacityMeter } from '../../harness/members/capacity-meter.ts';
import { memberCalls } from '../../harness/members/member-calls.ts';
import { storedContext } from '../../harness/members/stored-context.ts';
import {
  createTallyUnderTest,
  type Instance,
  open,
  type TallyOptions,
  type TallyUnderTest,
} from '../../harness/tally-under-test.ts';

const DAY = 86_400_000;
const secret = new Uint8Array(32).fill(1);

let table: TestTable;
let tally: TallyUnderTest;

beforeEach(async () => {
  table = await createTestTable();
  await keepSecret(table, secret);
  tally = await createTally({ instances: 3 });
});

const createTally = (options: Partial<TallyOptions> = {}) =>
  createTallyUnderTest({
    counters: {
      visitors: { kind: 'unique', windows: ['day', 'all'], keepDays: { day: 7 }, access: open },
    },
    settings: { readCacheSeconds: 0 },
    table,
    startsAt: '2096-02-28T12:00:00.000Z',
    ...options,
  });

/** A table of its own, with the same secret. */
async function createElsewhere(options: Partial<TallyOptions> = {}): Promise<TallyUnderTest> {
  const other = await createTestTable();
  await keepSecret(other, secret);
  return createTally({ table: other, ...options });
}

/** An estimate depends on the secret that visitors are hashed with, so a test says which it is. */
async function keepSecret({ client, tableName }: TestTable, bytes: Uint8Array): Promise<void> {
  const Item = marshall({ ...secretItemKey, b: bytes, v: 1, s: [[1, bytes, 0, null]] });
  await client.send(new PutItemCommand({ TableName: tableName, Item }));
}

const visitors = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `visitor-${from + index}`);

/** Visits over all connections at once. @returns how many of them changed the sketch */
async function visit(
  counter: string,
  members: readonly string[],
  instances: readonly Instance[] = tally.instances,
): Promise<number> {
  const limit = pLimit(32);
  const answers = await Promise.all(
    members.map((member, index) =>
      limit(async () => {
        const instance = instances[index % instances.length] ?? tally;
        const { status, body } = await memberCalls(instance).come(counter, member);
        if (status !== 200) throw new Error(`${member}: ${status} ${JSON.stringify(body)}`);
        return (body as { changed: boolean }).changed;
      }),
    ),
  );
  return answers.filter(Boolean).length;
}

async function estimateOf(counter: string, query: Record<string, string> = {}): Promise<number> {
  const answer = await tally.read(counter, query);
  expect(answer).toMatchObject({ status: 200, body: { standard_error: standardError } });
  return (answer.body as { count: number }).count;
}

/** The registers of a window as they are stored. */
async function registersOf(
  subject: string,
  window: string,
  of: Pick<TallyUnderTest, 'items'> = tally,
): Promise<Record<string, unknown>> {
  const blocks = (await of.items()).filter(
    ({ pk, sk }) => String(pk).startsWith(`h#${subject}#`) && sk === window,
  );
  const named = blocks.flatMap(({ pk, sk: _, x: __, ...registers }) =>
    Object.entries(registers).map(([name, rank]) => [`${String(pk).split('#')[4]} ${name}`, rank]),
  );
  return Object.fromEntries(named);
}

/** The rank of a visitor under the secret of these tests, worked out once. */
const ranks = new Map<string, number>();
function rankOf(visitor: string): number {
  const known = ranks.get(visitor);
  if (known !== undefined) return known;
  const hash = createHmac('sha256', secret).update(`unique#home#visitors#${visitor}`).digest();
  const { rank } = registerOf(hash);
  ranks.set(visitor, rank);
  return rank;
}

const sketchItems = async () =>
  (await tally.items()).filter(({ pk }) => String(pk).startsWith('h#'));

describe('one day of 100,000 visitors', () => {
  test('is estimated within 3 %, in fewer than 40 items; the same visitors change nothing', {
    timeout: 600_000,
  }, async () => {
    const counters: TallyOptions['counters'] = {
      visitors: { kind: 'unique', windows: ['day'], access: open },
    };
    const daily = await createTally({ counters });
    const { context } = storedContext({ table, counters, now: daily.clock.now });
    const { uniques, config } = createCounters(context);
    const home = parseCounter({ subject: 'home', counter: 'visitors' }, config);
    // Behind HTTP, which would take as long as everything else.
    const visitAll = async (members: readonly string[]) => {
      const limit = pLimit(64);
      const of = requireKind(home, 'unique');
      const raised = await limit.map(members, (member) => uniques.visit(of, member));
      return raised.filter(Boolean).length;
    };

    // In the order that takes the fewest writes, a third of what it takes in any other: the engine
    // makes some hundreds a second. The sketch is the same, and so is what the code does.
    const members = visitors(0, 100_000).toSorted((a, b) => rankOf(b) - rankOf(a));
    await visitAll(members);
    const answer = await daily.read('home/visitors');
    const { count } = answer.body as { count: number };
    const items = await sketchItems();
    expect(Math.abs(count / 100_000 - 1)).toBeLessThan(0.03);
    expect(items.length).toBeLessThan(40);

    expect(await visitAll(members)).toBe(0);
    expect(await visit('home/visitors', members.slice(-500), daily.instances)).toBe(0);
    expect(await sketchItems()).toEqual(items);
  });
});

describe('the estimate', () => {
  test('of few is exact', async () => {
    for (let count = 1; count <= 8; count++) {
      await visit('home/visitors', [`visitor-${count}`, 'visitor-1']);
      expect(await estimateOf('home/visitors')).toBe(count);
    }
  });

  test('of a page that nobody visited is 0', async () => {
    expect(await estimateOf('home/visitors')).toBe(0);
  });

  test('does not count the visitors of another page', async () => {
    await visit('home/visitors', visitors(0, 5));
    await visit('about/visitors', visitors(0, 50));
    expect(await estimateOf('home/visitors')).toBe(5);
  });

  test('begins again with a new day, and the one of all days does not', async () => {
    await visit('home/visitors', visitors(0, 10));
    tally.clock.advance(DAY);
    expect(await estimateOf('home/visitors')).toBe(0);
    await visit('home/visitors', visitors(5, 15));
    expect(await estimateOf('home/visitors')).toBe(10);
    expect(await estimateOf('home/visitors', { window: 'all' })).toBe(15);
  });
});

describe('the union of days', () => {
  test('has each visitor once, and is the sketch that one day would be of them all', async () => {
    await visit('home/visitors', visitors(0, 90));
    tally.clock.advance(DAY);
    await visit('home/visitors', visitors(60, 150));
    const sameDay = await createElsewhere();
    await visit('home/visitors', visitors(0, 150), sameDay.instances);

    const range = { window: 'day', from: '2096-02-28', to: '2096-02-29' };
    const union = await estimateOf('home/visitors', range);
    expect(await sameDay.read('home/visitors')).toMatchObject({ body: { count: union } });
    expect(Math.abs(union / 150 - 1)).toBeLessThan(0.05);
    const [first, second] = [
      await registersOf('home', '2096-02-28'),
      await registersOf('home', '2096-02-29'),
    ];
    const merged = Object.keys({ ...first, ...second }).map((name) => [
      name,
      Math.max(Number(first[name] ?? 0), Number(second[name] ?? 0)),
    ]);
    expect(Object.fromEntries(merged)).toEqual(await registersOf('home', '2096-02-28', sameDay));
    expect(await registersOf('home', '-')).toEqual(await registersOf('home', '-', sameDay));
  });

  test('may be a single day, of any time in the past, and days on which nobody came', async () => {
    await visit('home/visitors', visitors(0, 10));
    tally.clock.advance(3 * DAY);
    await visit('home/visitors', visitors(5, 15));
    const of = (from: string, to: string) => estimateOf('home/visitors', { from, to });
    expect(await of('2096-02-28', '2096-02-28')).toBe(10);
    expect(await of('2096-02-29', '2096-03-01')).toBe(0);
    expect(await of('2096-02-24', '2096-03-02')).toBe(15);
    // Days before that are kept no longer, so nobody knows who came since then.
    expect(await of('2096-02-01', '2096-03-02')).toBeNull();
  });

  test.each([
    [{ from: '2096-02-28' }, 'invalid_range'],
    [{ to: '2096-02-28' }, 'invalid_range'],
    [{ from: '2096-02-29', to: '2096-02-28' }, 'invalid_range'],
    [{ from: '2096-02-30', to: '2096-03-01' }, 'invalid_range'],
    [{ from: 'yesterday', to: 'today' }, 'invalid_range'],
    [{ window: 'all', from: '2096-02-28', to: '2096-02-29' }, 'invalid_range'],
    [{ window: 'hour' }, 'invalid_window'],
    [{ window: 'week' }, 'invalid_window'],
    [{ from: '2096-01-01', to: '2096-02-01' }, 'range_too_large'],
  ])('%j is refused as %s', async (query, code) => {
    expect(await tally.read('home/visitors', query as Record<string, string>)).toMatchObject({
      status: 400,
      body: { code },
    });
  });
});

describe('ids that were chosen because they raise the count', () => {
  /** Tries ids and keeps those that changed the count, by what the answer says. */
  async function choose(instance: Instance, counter: string, tried: readonly string[]) {
    const limit = pLimit(32);
    const changed = await limit.map(tried, async (member) => {
      const { body } = await memberCalls(instance).come(counter, member);
      return (body as { changed: boolean }).changed;
    });
    return tried.filter((_, index) => changed[index]);
  }

  const countOf = async (of: TallyUnderTest, counter: string) =>
    ((await of.read(counter)).body as { count: number }).count;

  test('on one subject of a public counter are visitors like any other on the next', async () => {
    const tried = visitors(0, 1_500);
    const chosen = await choose(tally, 'mine/visitors', tried);
    const elsewhere = await createElsewhere();
    await visit('mine/visitors', chosen, elsewhere.instances);
    await visit('yours/visitors', chosen, elsewhere.instances);
    // What makes them worth choosing: where they were tried they are more than they are.
    expect(await countOf(elsewhere, 'mine/visitors')).toBe(await countOf(tally, 'mine/visitors'));
    expect(await countOf(elsewhere, 'mine/visitors')).toBeGreaterThan(chosen.length * 1.1);
    const onYours = await countOf(elsewhere, 'yours/visitors');
    expect(Math.abs(onYours / chosen.length - 1)).toBeLessThan(0.03);
  });

  test('cannot be chosen where Tally or a server makes them, so there subjects have one hash', async () => {
    const counters = {
      visitors: { kind: 'unique', windows: ['day'], access: { read: 'public', write: 'key' } },
    } satisfies TallyOptions['counters'];
    const guarded = await createElsewhere({ counters, adminKey });
    for (const subject of ['home', 'about']) {
      const path = `/v1/${subject}/visitors/members/ann`;
      await guarded.send({ method: 'PUT', path, headers: admin });
    }
    expect(await registersOf('home', '2096-02-28', guarded)).toEqual(
      await registersOf('about', '2096-02-28', guarded),
    );
    await visit('home/visitors', ['ann']);
    await visit('about/visitors', ['ann']);
    expect(await registersOf('home', '2096-02-28', tally)).not.toEqual(
      await registersOf('about', '2096-02-28', tally),
    );
  });
});

describe('the sketches of several regions', () => {
  test('are one: a visitor of both counts once', async () => {
    const [here, there] = await Promise.all([
      createTally({ regions: ['local', 'elsewhere'] }),
      createTally({ regions: ['elsewhere', 'local'] }),
    ]);
    await visit('home/visitors', visitors(0, 12), here.instances);
    await visit('home/visitors', visitors(8, 20), there.instances);
    for (const region of [here, there]) {
      expect(await region.read('home/visitors')).toMatchObject({ body: { count: 20 } });
    }
    expect(await tally.read('home/visitors')).toMatchObject({ body: { count: 12 } });
  });
});

describe('what is stored', () => {
  test('holds no ids, and nobody can work out its registers without the secret', async () => {
    await visit('home/visitors', ['ann.smith']);
    const items = await tally.items();
    expect(JSON.stringify(items)).not.toContain('ann');

    table = await createTestTable();
    await keepSecret(table, new Uint8Array(32).fill(2));
    const other = await createTally();
    await visit('home/visitors', ['ann.smith'], other.instances);
    const registers = (some: readonly Record<string, unknown>[]) =>
      some
        .filter(({ pk }) => String(pk).startsWith('h#'))
        .map(({ pk, r0: _, ...rest }) => [pk, rest]);
    expect(registers(await other.items())).not.toEqual(registers(items));
  });

  test('expires with its day, whole, up to three hours apart, and not for the window of all', async () => {
    const subjects = ['home', 'about', 'press'];
    for (const subject of subjects) await visit(`${subject}/visitors`, visitors(0, 100));
    const earliest = Date.parse('2096-03-01T12:00:00Z') / 1000 + 7 * 86_400;
    const ends = new Set<unknown>();
    for (const { sk, x } of await sketchItems()) {
      if (sk === '-') expect(x).toBeUndefined();
      else {
        ends.add(x);
        expect(x).toBeGreaterThanOrEqual(earliest);
        expect(x).toBeLessThanOrEqual(earliest + 3 * 3600);
      }
    }
    expect(ends.size).toBe(subjects.length);
  });

  test('counts for nothing once it has expired, though it is not deleted yet', async () => {
    await visit('home/visitors', visitors(0, 10));
    const { x } = (await sketchItems()).find(({ sk }) => sk === '2096-02-28') ?? {};
    const range = { window: 'day', from: '2096-02-28', to: '2096-02-28' };
    tally.clock.moveTo(Number(x) * 1000 - 1);
    expect(await estimateOf('home/visitors', range)).toBe(10);
    tally.clock.advance(1);
    expect(await estimateOf('home/visitors', range)).toBeNull();
    expect(await estimateOf('home/visitors', { window: 'all' })).toBe(10);
  });

  test('is never lowered by containers that know different parts of it', async () => {
    const members = visitors(0, 120);
    await Promise.all([
      visit('home/visitors', members, tally.instances),
      visit('home/visitors', members.toReversed(), (await createTally({ instances: 2 })).instances),
    ]);
    const alone = await createElsewhere();
    await visit('home/visitors', members, [alone]);
    expect(await registersOf('home', '-')).toEqual(await registersOf('home', '-', alone));
  });
});

describe('a read', () => {
  let meter: CapacityMeter;

  beforeEach(async () => {
    meter = await startCapacityMeter(inject('dynamoEndpoint'));
    tally = await createTally({ endpoint: meter.endpoint, settings: { readCacheSeconds: 2 } });
  });

  afterEach(() => meter.stop());

  test('is served from memory for readCacheSeconds, unless it has to be consistent', async () => {
    await visit('home/visitors', ['ann']);
    expect(await estimateOf('home/visitors')).toBe(1);
    await visit('home/visitors', ['bob']);
    expect(await estimateOf('home/visitors')).toBe(1);
    meter.take();
    expect(await estimateOf('home/visitors', { consistent: 'true' })).toBe(2);
    expect(meter.requests).toHaveLength(1);
    expect(JSON.stringify(meter.requests[0]?.body)).toContain('"ConsistentRead":true');
    tally.clock.advance(2_000);
    expect(await estimateOf('home/visitors')).toBe(2);
  });
});
