import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { _Record as EngineRecord } from '@aws-sdk/client-dynamodb-streams';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  expect,
  type MockInstance,
  test,
  vi,
} from 'vitest';
import { markName, staleMarks } from '../../../functions/rules/marks.ts';
import { createTableIfMissing } from '../../../local/create-table.ts';
import type { Engine } from '../../../local/engine.ts';
import {
  groupByGeneration,
  type StreamWindowEvent,
  toEventJson,
} from '../../../local/stream-event.ts';
import { openPositions } from '../../../local/stream-positions.ts';
import { type StreamPump, startStreamPump } from '../../../local/stream-pump.ts';
import { databaseFile, startTestEngine } from '../../harness/engine/test-engine.ts';
import { createTestClient } from '../../harness/engine/test-table.ts';
import { startFaultProxy } from '../../harness/faults/fault-proxy.ts';

const TableName = 'tally';
const deadline = { timeout: 120_000, interval: 20 };
const dayMs = 86_400_000;

let folder: string;
let engine: Engine;
let client: DynamoDBClient;
const pumps: StreamPump[] = [];
let complaints: MockInstance<typeof console.error>;

// One streamed table an engine, and one engine for the file: each test reads on from where it is.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tally-pump-'));
  engine = await startTestEngine({ dataFolder: join(folder, 'data') });
  client = createTestClient(engine.endpoint);
  await createTableIfMissing({ client, tableName: TableName, stream: true });
});

afterAll(async () => {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  complaints = vi.spyOn(console, 'error').mockImplementation(() => {});
  const before = start({ handler: async () => ({ state: {} }) });
  await before.caughtUp();
  await before.stop();
  complaints.mockClear();
});

afterEach(async () => {
  await Promise.all(pumps.splice(0).map((pump) => pump.stop()));
  complaints.mockRestore();
});

type Options = Parameters<typeof startStreamPump>[0];

function start(options: Pick<Options, 'handler'> & Partial<Options>): StreamPump {
  const pump = startStreamPump({
    endpoint: engine.endpoint,
    tableName: TableName,
    positionFile: join(folder, 'positions.json'),
    ...options,
  });
  pumps.push(pump);
  return pump;
}

const complaintsThat = (text: string) =>
  complaints.mock.calls.filter(([said]) => String(said).startsWith(text));

/** A handler that keeps what it was sent. */
function recorder() {
  const events: StreamWindowEvent[] = [];
  const handler = async (event: StreamWindowEvent) => {
    events.push(event);
    return { state: {} };
  };
  return { events, handler };
}

const sequencesOf = (events: readonly StreamWindowEvent[]) =>
  events.map(({ Records }) => Records.map(({ dynamodb }) => dynamodb?.SequenceNumber));

const versionsOf = (events: readonly StreamWindowEvent[], pk: string) =>
  events
    .flatMap(({ Records }) => Records)
    .filter(({ dynamodb }) => dynamodb?.Keys?.pk?.S === pk)
    .map(({ dynamodb }) => Number(dynamodb?.NewImage?.n?.N));

const key = (pk: string) => ({ pk: { S: pk }, sk: { S: '-' } });

const increment = (pk: string) =>
  client.send(
    new UpdateItemCommand({
      TableName,
      Key: key(pk),
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }),
  );

// The first test, because the engine's sweep looks at only twenty items every ten seconds.
test('the removal of an expired item is told apart from any other', async () => {
  const { events, handler } = recorder();
  const x = { N: String(Math.floor(Date.now() / 1000) - 60) };
  await client.send(new PutItemCommand({ TableName, Item: { ...key('expired'), x } }));
  start({ handler });
  const removal = () =>
    events
      .flatMap(({ Records }) => Records)
      .find(({ eventName, dynamodb }) => {
        return eventName === 'REMOVE' && dynamodb?.Keys?.pk?.S === 'expired';
      });
  await vi.waitFor(() => expect(removal()).toBeDefined(), deadline);
  expect(removal()?.userIdentity).toEqual({
    type: 'Service',
    principalId: 'dynamodb.amazonaws.com',
  });
  const { ApproximateCreationDateTime: at = 0 } = removal()?.dynamodb ?? {};
  expect(at).toBeGreaterThanOrEqual(Number(x.N));
});

test('an event is what Lambda documents for a mapping with a tumbling window', async () => {
  const { events, handler } = recorder();
  // The engine dates records to the minute.
  const minute = Math.floor(Date.now() / 60_000) * 60;
  const item = {
    ...key('shape'),
    n: { N: '12345678901234567890' },
    b: { B: Buffer.from('bytes') },
    l: { L: [{ M: { deep: { BS: [Buffer.from('more')] } } }, { NULL: true as const }] },
  };
  await client.send(new PutItemCommand({ TableName, Item: item }));
  await increment('shape');
  await client.send(new DeleteItemCommand({ TableName, Key: key('shape') }));

  await start({ handler }).caughtUp();

  const image = {
    ...key('shape'),
    n: { N: '12345678901234567890' },
    b: { B: 'Ynl0ZXM=' },
    l: { L: [{ M: { deep: { BS: ['bW9yZQ=='] } } }, { NULL: true }] },
  };
  const changed = { ...image, n: { N: '12345678901234567891' } };
  const streamArn = expect.stringMatching(/^arn:aws:dynamodb:.*:table\/tally\/stream\//);
  const record = (eventName: string, images: object) => ({
    eventID: expect.any(String),
    eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: expect.any(String),
    eventSourceARN: streamArn,
    dynamodb: {
      Keys: key('shape'),
      ...images,
      SequenceNumber: expect.stringMatching(/^\d+$/),
      SizeBytes: expect.any(Number),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
      ApproximateCreationDateTime: expect.any(Number),
    },
  });
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(events).toStrictEqual([
    {
      Records: [
        record('INSERT', { NewImage: image }),
        record('MODIFY', { OldImage: image, NewImage: changed }),
        record('REMOVE', { OldImage: changed }),
      ],
      window: { start: time, end: time },
      state: {},
      shardId: expect.stringMatching(/^shardId-\d{20}-[0-9a-f]{8}$/),
      eventSourceARN: streamArn,
      isFinalInvokeForWindow: false,
      isWindowTerminatedEarly: false,
    },
  ]);
  const [first] = events[0]?.Records ?? [];
  const at = Number(first?.dynamodb?.ApproximateCreationDateTime);
  expect(at).toBeGreaterThanOrEqual(minute);
  expect(at).toBeLessThanOrEqual(Date.now() / 1000);
});

test('a batch that fails comes again, whole, before any other', async () => {
  const { events, handler } = recorder();
  const answers = [new Error('once'), new Error('twice'), undefined, {}, { state: null }];
  const failing = async (event: StreamWindowEvent) => {
    await handler(event);
    if (answers.length === 0) return { state: {} };
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  for (const pk of ['a', 'b', 'c', 'd', 'e']) await increment(`retry-${pk}`);

  await start({ handler: failing, batchSize: 2 }).caughtUp();

  const batches = sequencesOf(events);
  const [first, second, third] = batches.slice(5);
  expect(batches).toEqual([first, first, first, first, first, first, second, third]);
  expect([first, second, third].map((batch) => batch?.length)).toEqual([2, 2, 1]);
  expect(complaintsThat('The stream function failed')).toHaveLength(1);
});

test('a handler cannot change what a later delivery of the batch contains', async () => {
  const seen: number[] = [];
  await increment('untouched');
  const handler = async ({ Records }: StreamWindowEvent) => {
    seen.push(Records.length);
    Records.length = 0;
    return seen.length < 2 ? undefined : { state: {} };
  };
  await start({ handler }).caughtUp();
  expect(seen).toEqual([1, 1]);
});

test('a pump goes on where the one before it was stopped', async () => {
  const [before, after] = [recorder(), recorder()];
  await increment('restart');
  const pump = start({ handler: before.handler });
  await pump.caughtUp();
  await pump.stop();
  await increment('restart');
  await increment('restart');

  await start({ handler: after.handler }).caughtUp();

  const [last, first] = [versionsOf(before.events, 'restart'), versionsOf(after.events, 'restart')];
  expect([last, first]).toEqual([[1], [2, 3]]);
});

test('what a pump was stopped at is delivered by the next one', async () => {
  const { events, handler } = recorder();
  await increment('unfinished');
  const failing = recorder();
  const pump = start({ handler: async (event) => void (await failing.handler(event)) });
  await vi.waitFor(() => expect(failing.events).not.toEqual([]), deadline);
  await pump.stop();

  await start({ handler }).caughtUp();
  expect(versionsOf(events, 'unfinished')).toEqual([1]);
});

test('to stop a pump is to wait for the batch under way', async () => {
  const batch = Promise.withResolvers<{ state: object }>();
  const called = Promise.withResolvers<void>();
  await increment('under-way');
  const pump = start({
    handler: () => {
      called.resolve();
      return batch.promise;
    },
  });
  await called.promise;
  const caughtUp = pump.caughtUp();
  let stopped = false;
  const stopping = pump.stop().then(() => {
    stopped = true;
  });
  await increment('under-way');
  expect(stopped).toBe(false);

  batch.resolve({ state: {} });
  await expect(caughtUp).rejects.toThrow('stopped');
  await stopping;
  const { events, handler: next } = recorder();
  await start({ handler: next }).caughtUp();
  expect(versionsOf(events, 'under-way')).toEqual([2]);
});

test('1,000 concurrent changes all arrive, in the order of each item, over stops and faults', async () => {
  const items = Array.from({ length: 50 }, (_, index) => `many-${index}`);
  const { events, handler } = recorder();
  const writing = Promise.all(
    items.map(async (pk) => {
      for (let version = 0; version < 20; version++) await increment(pk);
    }),
  );
  let calls = 0;
  const unreliable = async (event: StreamWindowEvent) => {
    await handler(event);
    calls++;
    if (calls % 7 === 0) throw new Error('every seventh batch');
    return { state: {} };
  };
  let pump = start({ handler: unreliable, batchSize: 20 });
  for (const share of [100, 300, 600]) {
    const arrived = () => events.flatMap(({ Records }) => Records).length;
    await vi.waitFor(() => expect(arrived()).toBeGreaterThan(share), deadline);
    await pump.stop();
    pump = start({ handler: unreliable, batchSize: 20 });
  }
  await writing;
  await pump.caughtUp();

  const everyVersion = Array.from({ length: 20 }, (_, index) => index + 1);
  for (const pk of items) {
    const versions = versionsOf(events, pk);
    // Delivered again is harmless, too early is not: the first time, each comes after the one before.
    expect([...new Set(versions)]).toEqual(everyVersion);
  }
});

test('an engine that cannot be reached is asked again, with one complaint', async () => {
  const proxy = await startFaultProxy({ upstream: engine.endpoint });
  const { events, handler } = recorder();
  proxy.inject({ effect: 'drop before commit', operation: 'ListStreams', times: 2 });
  proxy.inject({ effect: 'lose reply', operation: 'GetRecords', times: 3 });
  await increment('outage');

  const pump = start({ handler, endpoint: proxy.endpoint });
  await pump.caughtUp();
  expect(versionsOf(events, 'outage')).toEqual([1]);
  expect(complaintsThat('The stream is not there')).toHaveLength(1);
  // And one more for each time that a slow engine takes too long by itself.
  expect(complaintsThat('The stream cannot be read').length).toBeGreaterThanOrEqual(1);
  await pump.stop();
  await proxy.stop();
});

/** An engine of its own, that a test can stop and start. */
async function restartableEngine(name: string) {
  const dataFolder = join(folder, name);
  const positionFile = join(dataFolder, 'positions.json');
  const startOne = () => startTestEngine({ dataFolder });
  let running = await startOne();
  const createClient = () => createTestClient(running.endpoint);
  await createTableIfMissing({ client: createClient(), tableName: TableName, stream: true });
  return {
    pump: (handler: Options['handler'], options: Partial<Options> = {}) =>
      start({ handler, endpoint: running.endpoint, positionFile, ...options }),
    write: (pk: string) => createClient().send(new PutItemCommand({ TableName, Item: key(pk) })),
    /** @param whileStopped gets the engine's database file */
    async restart(whileStopped: (database: string) => void = () => {}) {
      await Promise.all(pumps.splice(0).map((pump) => pump.stop()));
      await running.stop();
      whileStopped(join(dataFolder, databaseFile));
      running = await startOne();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pumps.splice(0).map((pump) => pump.stop()));
      await running.stop();
    },
  };
}

const keysOf = (events: readonly StreamWindowEvent[]) =>
  events.flatMap(({ Records }) => Records).map(({ dynamodb }) => dynamodb?.Keys?.pk?.S);

test('a stream outlives its engine: what was not read of it is delivered after a restart', async () => {
  await using own = await restartableEngine('restarted');
  const [before, after] = [recorder(), recorder()];
  await own.write('read');
  const pump = own.pump(before.handler);
  await pump.caughtUp();
  await pump.stop();
  await own.write('unread');
  await own.restart();
  await own.write('new');

  await own.pump(after.handler).caughtUp();
  expect(keysOf(after.events)).toEqual(['unread', 'new']);
});

test('no two records have one name and number, also when numbers begin anew after a day of rest', async () => {
  await using own = await restartableEngine('rested');
  const [before, kept, fresh] = [recorder(), recorder(), recorder()];
  const todayMs = Math.floor(Date.now() / dayMs) * dayMs;
  for (const pk of ['a', 'b', 'c']) await own.write(pk);
  await own.restart((file) => setCreation(file, todayMs - 1));
  await own.pump(before.handler).caughtUp();
  await own.restart((file) => setCreation(file, todayMs - 2 * dayMs));
  for (const pk of ['d', 'e']) await own.write(pk);
  await own.pump(kept.handler).caughtUp();
  await own.pump(fresh.handler, { positionFile: undefined }).caughtUp();

  const numbers = sequencesOf([...before.events, ...kept.events]).flat();
  expect(numbers.map(Number)).toEqual([1, 2, 3, 1, 2]);
  expect(new Set(namesOf([...before.events, ...kept.events])).size).toBe(5);
  // A pump that knows nothing of the days before calls them the same.
  expect(namesOf(fresh.events)).toEqual(namesOf(kept.events));
});

/** The engine goes by when a record was made. @param database its file, while it is stopped */
function setCreation(database: string, creationMs: number): void {
  const connection = new DatabaseSync(database);
  connection.exec(`UPDATE us SET CreationDateTime = ${creationMs}`);
  connection.close();
}

const namesOf = (events: readonly StreamWindowEvent[]) =>
  events.flatMap(({ shardId, Records }) =>
    Records.map(({ dynamodb }) => `${shardId} ${dynamodb?.SequenceNumber}`),
  );

/** As DynamoDB Local 3.3.1 handed it out after it had removed an expired item. */
const expiry = {
  eventID: '4f0a8caa-e6dc-4573-abfc-1c6708294539',
  eventName: 'UNKNOWN_TO_SDK_VERSION',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'ddblocal',
  dynamodb: {
    ApproximateCreationDateTime: new Date('2026-11-21T18:54:00.000Z'),
    Keys: { sk: { S: '-' }, pk: { S: 'x' } },
    OldImage: { sk: { S: '-' }, x: { N: '1795287260' }, pk: { S: 'x' } },
    SequenceNumber: '000000000000000000005',
    SizeBytes: 19,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
} as unknown as EngineRecord;

test('the removal of an expired item says who did it, and comes after its expiry', () => {
  const json = toEventJson({ streamArn: 'arn', shardId: 'shard', records: [expiry] });
  const [record] = (JSON.parse(json) as StreamWindowEvent).Records;
  expect(record).toMatchObject({
    eventName: 'REMOVE',
    userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
  });
  // Removed within the minute that began at 18:54, and expired at 18:54:20.
  expect(record?.dynamodb?.ApproximateCreationDateTime).toBe(1_795_287_299);
});

const at = (iso: string) => new Date(`2026-11-${iso}Z`);

const engineRecord = (sequence: number, made: Date, eventID = `${sequence}`): EngineRecord => ({
  eventID,
  dynamodb: {
    SequenceNumber: String(sequence).padStart(21, '0'),
    ApproximateCreationDateTime: made,
  },
});

test('the records of each four hours have a shard of their own, in their order', () => {
  const records = [
    engineRecord(7, at('21T23:58:00')),
    engineRecord(8, at('21T23:59:00')),
    engineRecord(9, at('22T00:00:00')),
  ];
  const groups = groupByGeneration('shardId-00000001795000000000-abcd1234', records);
  expect([...groups]).toEqual([
    [`shardId-0000000${at('21T20:00:00').getTime()}-abcd1234`, records.slice(0, 2)],
    [`shardId-0000000${at('22T00:00:00').getTime()}-abcd1234`, records.slice(2)],
  ]);
});

test('the marks of four hours are kept for longer than the engine hands out their records', () => {
  const record = engineRecord(1, at('21T19:59:00'));
  const [shardId = ''] = groupByGeneration('shardId-1-a', [record]).keys();
  const isStaleAt = (now: Date) =>
    staleMarks([markName(shardId)], { current: '', nowMs: now.getTime() }).length > 0;
  // A day after the last of them, and two hours more.
  expect(isStaleAt(at('22T20:00:00'))).toBe(false);
  expect([isStaleAt(at('22T23:00:00')), isStaleAt(at('22T23:00:01'))]).toEqual([false, true]);
});

test('positions are read back as they were saved', async () => {
  const file = join(folder, 'new', 'positions.json');
  const positions = openPositions(file);
  positions.advance('shard', [
    engineRecord(7, at('21T12:00:00')),
    engineRecord(9, at('21T12:01:00')),
  ]);
  positions.advance('shard', [engineRecord(1, at('21T13:00:00'), 'later')]);
  await positions.save();
  expect(openPositions(file).of('shard')).toEqual({
    sequence: '000000000000000000001',
    eventId: 'later',
  });
  expect(openPositions(file).of('another')).toBeUndefined();
  expect(readFileSync(file, 'utf8')).toMatch(/^\{.*\}$/);
});

test.each([[''], ['{'], ['null'], ['{"shard":5}'], ['{"shard":{"sequence":"x","eventId":"1"}}']])(
  'a position file that says %j is named, with what to do',
  (text) => {
    const file = join(folder, 'broken.json');
    writeFileSync(file, text);
    expect(() => openPositions(file)).toThrow(`The file ${file} is broken. Delete it`);
  },
);
