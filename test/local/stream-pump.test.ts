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
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createTableIfMissing } from '../../local/create-table.ts';
import { type Engine, startEngine } from '../../local/engine.ts';
import { type StreamWindowEvent, toEventJson } from '../../local/stream-event.ts';
import { numberingOf, openPositions, type Position } from '../../local/stream-positions.ts';
import { type StreamPump, startStreamPump } from '../../local/stream-pump.ts';
import { createTestClient } from '../engine/test-table.ts';
import { startFaultProxy } from '../faults/fault-proxy.ts';

const TableName = 'tally';
const deadline = { timeout: 20_000, interval: 20 };

let folder: string;
let engine: Engine;
let client: DynamoDBClient;
const pumps: StreamPump[] = [];
let complaints: ReturnType<typeof vi.spyOn>;

// One streamed table an engine, and one engine for the file: each test reads on from where it is.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tally-pump-'));
  engine = await startEngine({ dataFolder: join(folder, 'data') });
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
  await vi.waitFor(() => expect(removal()).toBeDefined(), { ...deadline, timeout: 40_000 });
  expect(removal()?.userIdentity).toEqual({
    type: 'Service',
    principalId: 'dynamodb.amazonaws.com',
  });
  const { ApproximateCreationDateTime: at = 0 } = removal()?.dynamodb ?? {};
  expect(at).toBeGreaterThanOrEqual(Number(x.N));
}, 60_000);

test('an event is what Lambda documents for a mapping with a tumbling window', async () => {
  const { events, handler } = recorder();
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
  const minutesAgo =
    Date.now() / 60_000 - Number(first?.dynamodb?.ApproximateCreationDateTime) / 60;
  expect(minutesAgo).toBeGreaterThanOrEqual(0);
  expect(minutesAgo).toBeLessThan(3);
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
  expect(complaints).toHaveBeenCalledOnce();
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

test('5,000 concurrent changes all arrive, in the order of each item, over stops and faults', async () => {
  const items = Array.from({ length: 50 }, (_, index) => `many-${index}`);
  const { events, handler } = recorder();
  const writing = Promise.all(
    items.map(async (pk) => {
      for (let version = 0; version < 100; version++) await increment(pk);
    }),
  );
  let calls = 0;
  const unreliable = async (event: StreamWindowEvent) => {
    await handler(event);
    calls++;
    if (calls % 7 === 0) throw new Error('every seventh batch');
    return { state: {} };
  };
  let pump = start({ handler: unreliable });
  for (const share of [500, 1_500, 3_000]) {
    const arrived = () => events.flatMap(({ Records }) => Records).length;
    await vi.waitFor(() => expect(arrived()).toBeGreaterThan(share), deadline);
    await pump.stop();
    pump = start({ handler: unreliable });
  }
  await writing;
  await pump.caughtUp();

  const everyVersion = Array.from({ length: 100 }, (_, index) => index + 1);
  for (const pk of items) {
    const versions = versionsOf(events, pk);
    // Delivered again is harmless, too early is not: the first time, each comes after the one before.
    expect([...new Set(versions)]).toEqual(everyVersion);
  }
}, 60_000);

test('an engine that cannot be reached is asked again, with one complaint', async () => {
  const proxy = await startFaultProxy({ upstream: engine.endpoint });
  const { events, handler } = recorder();
  proxy.inject({ effect: 'drop before commit', operation: 'ListStreams', times: 2 });
  proxy.inject({ effect: 'lose reply', operation: 'GetRecords', times: 3 });
  await increment('outage');

  const pump = start({ handler, endpoint: proxy.endpoint });
  await pump.caughtUp();
  expect(versionsOf(events, 'outage')).toEqual([1]);
  expect(complaints).toHaveBeenCalledTimes(2);
  await pump.stop();
  await proxy.stop();
});

/** An engine of its own, that a test can stop and start. */
async function restartableEngine(name: string) {
  const dataFolder = join(folder, name);
  const positionFile = join(dataFolder, 'positions.json');
  const startOne = () => startEngine({ dataFolder });
  let running = await startOne();
  const createClient = () => createTestClient(running.endpoint);
  await createTableIfMissing({ client: createClient(), tableName: TableName, stream: true });
  return {
    pump: (handler: Options['handler']) =>
      start({ handler, endpoint: running.endpoint, positionFile }),
    write: (pk: string) => createClient().send(new PutItemCommand({ TableName, Item: key(pk) })),
    /** @param whileStopped gets the engine's database file */
    async restart(whileStopped: (database: string) => void = () => {}) {
      await Promise.all(pumps.splice(0).map((pump) => pump.stop()));
      await running.stop();
      whileStopped(join(dataFolder, 'shared-local-instance.db'));
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
  expect(after.events[0]?.shardId).toBe(before.events[0]?.shardId);
});

test('numbers that begin anew after a day of rest come as another shard', async () => {
  await using own = await restartableEngine('rested');
  const [before, after, again] = [recorder(), recorder(), recorder()];
  for (const pk of ['a', 'b', 'c']) await own.write(pk);
  await own.pump(before.handler).caughtUp();
  await own.restart((file) => {
    // The engine and the pump both go by when a record was made: make it two days earlier.
    const database = new DatabaseSync(file);
    database.exec('UPDATE us SET CreationDateTime = CreationDateTime - 172800000');
    database.close();
    const positionFile = join(folder, 'rested', 'positions.json');
    const positions = JSON.parse(readFileSync(positionFile, 'utf8')) as Record<string, Position>;
    for (const [shardId, { atSeconds, ...position }] of Object.entries(positions)) {
      positions[shardId] = { ...position, atSeconds: atSeconds - 172_800 };
    }
    writeFileSync(positionFile, JSON.stringify(positions));
  });
  for (const pk of ['d', 'e']) await own.write(pk);
  await own.pump(after.handler).caughtUp();
  await own.restart();
  await own.write('f');
  await own.pump(again.handler).caughtUp();

  expect([keysOf(after.events), keysOf(again.events)]).toEqual([['d', 'e'], ['f']]);
  const numbers = sequencesOf([...before.events, ...after.events, ...again.events]).flat();
  expect(numbers.map(Number)).toEqual([1, 2, 3, 1, 2, 3]);
  const [first, second, third] = [before, after, again].map(({ events }) => events[0]?.shardId);
  expect([second, third]).toEqual([`${first}-1`, `${first}-1`]);
});

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

const minute = (iso: string) => new Date(`2026-11-21T${iso}:00Z`);

const engineRecord = (sequence: number, at: Date, eventID = `${sequence}`): EngineRecord => ({
  eventID,
  dynamodb: {
    SequenceNumber: String(sequence).padStart(21, '0'),
    ApproximateCreationDateTime: at,
  },
});

const position: Position = {
  sequence: '000000000000000000100',
  eventId: '100',
  atSeconds: minute('12:00').getTime() / 1000,
  numbering: 3,
};

test.each([
  ['a number that goes up', 101, '12:00', 3],
  ['a number that goes up after days', 250, '23:59', 3],
  ['a record delivered again after the engine lost its last writes', 40, '11:58', 3],
  ['the same, made in the same minute', 100, '12:00', 3],
  ['a later record under an old number', 1, '12:01', 4],
])('%s is of the right numbering', (_name, sequence, at, numbering) => {
  expect(numberingOf(engineRecord(sequence, minute(at)), position)).toBe(numbering);
});

test('positions are read back as they were saved', async () => {
  const file = join(folder, 'new', 'positions.json');
  const positions = openPositions(file);
  positions.advance('shard', [engineRecord(7, minute('12:00')), engineRecord(9, minute('12:01'))]);
  positions.advance('shard', [engineRecord(1, minute('13:00'), 'later')]);
  await positions.save();
  expect(openPositions(file).of('shard')).toEqual({
    sequence: '000000000000000000001',
    eventId: 'later',
    atSeconds: minute('13:00').getTime() / 1000,
    numbering: 1,
  });
  expect(openPositions(file).of('another')).toBeUndefined();
  expect(readFileSync(file, 'utf8')).toMatch(/^\{.*\}$/);
});
