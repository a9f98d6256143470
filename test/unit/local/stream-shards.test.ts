/** What DynamoDB Local does not do within a test: closed shards with children, iterators that expire. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type StreamPump, startStreamPump } from '../../../local/stream-pump.ts';

interface ScriptedShard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly isClosed?: boolean;
  readonly sequences: readonly number[];
}

type Request = { readonly [name: string]: unknown };

let server: Server;
let pump: StreamPump | undefined;
/** Errors to answer next, by operation. */
let errors: { operation: string; name: string }[];

const shardId = (createdAt: number, suffix: string) =>
  `shardId-${String(createdAt).padStart(20, '0')}-${suffix}`;
const parent = shardId(1, 'aaaaaaaa');
const children = [shardId(2, 'bbbbbbbb'), shardId(3, 'cccccccc')];
const shards: ScriptedShard[] = [
  // In an order that no engine promises.
  { ShardId: children[1] ?? '', ParentShardId: parent, sequences: [5] },
  { ShardId: children[0] ?? '', ParentShardId: parent, sequences: [4] },
  // Trimmed long ago, so its child waits for nobody.
  { ShardId: parent, ParentShardId: shardId(0, 'gone'), isClosed: true, sequences: [1, 2, 3] },
];

/** Iterators are `<shard>|<sequence that was read last>`. */
function answer(operation: string, request: Request): object {
  if (operation === 'ListStreams') return { Streams: [{ StreamArn: 'arn:stream' }] };
  if (operation === 'DescribeStream') return { StreamDescription: { Shards: shards } };
  if (operation === 'GetShardIterator') {
    const { ShardIteratorType, SequenceNumber = 0 } = request;
    const before = Number(SequenceNumber) - (ShardIteratorType === 'AT_SEQUENCE_NUMBER' ? 1 : 0);
    return { ShardIterator: `${String(request.ShardId)}|${before}` };
  }
  const [id, after] = String(request.ShardIterator).split('|');
  const shard = shards.find(({ ShardId }) => ShardId === id);
  const [sequence] = shard?.sequences.filter((it) => it > Number(after)) ?? [];
  if (sequence === undefined) {
    return shard?.isClosed ? { Records: [] } : { Records: [], NextShardIterator: `${id}|${after}` };
  }
  return { Records: [record(sequence)], NextShardIterator: `${id}|${sequence}` };
}

const record = (sequence: number) => ({
  eventID: `event-${sequence}`,
  eventName: 'INSERT',
  dynamodb: { SequenceNumber: String(sequence), ApproximateCreationDateTime: 1_795_287_240 },
});

beforeEach(async () => {
  errors = [];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      const index = errors.findIndex((error) => error.operation === operation);
      const [error] = index < 0 ? [] : errors.splice(index, 1);
      const reply = error ? { __type: error.name } : answer(operation, JSON.parse(body) as Request);
      response.writeHead(error ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(reply));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  await pump?.stop();
  server.close();
  server.closeAllConnections();
});

function start(handler: Parameters<typeof startStreamPump>[0]['handler']): StreamPump {
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  pump = startStreamPump({ endpoint, tableName: 'tally', positionFile: undefined, handler });
  return pump;
}

test('a shard is read to its end before its children', async () => {
  const seen: unknown[] = [];
  await start(async ({ shardId: id, Records }) => {
    seen.push(...Records.map(({ dynamodb }) => [id, dynamodb?.SequenceNumber]));
    return { state: {} };
  }).caughtUp();
  const [parentOfGeneration, ...childrenOfGeneration] = [parent, ...children].map((id) =>
    shardId(Date.UTC(2026, 10, 21, 16), id.slice(-8)),
  );
  expect(seen).toEqual([
    [parentOfGeneration, '1'],
    [parentOfGeneration, '2'],
    [parentOfGeneration, '3'],
    [childrenOfGeneration[0], '4'],
    [childrenOfGeneration[1], '5'],
  ]);
});

test.each(['ExpiredIteratorException', 'TrimmedDataAccessException'])(
  'a shard is opened again behind the last record delivered after %s',
  async (name) => {
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => {});
    const seen: unknown[] = [];
    await start(async ({ Records }) => {
      seen.push(...Records.map(({ dynamodb }) => dynamodb?.SequenceNumber));
      if (seen.length === 2) errors.push({ operation: 'GetRecords', name });
      return { state: {} };
    }).caughtUp();
    expect(seen).toEqual(['1', '2', '3', '4', '5']);
    expect(complaints).not.toHaveBeenCalled();
    complaints.mockRestore();
  },
);

test('a shard is read from its beginning when the last record delivered is no longer there', async () => {
  const seen: unknown[] = [];
  await start(async ({ Records }) => {
    seen.push(...Records.map(({ dynamodb }) => dynamodb?.SequenceNumber));
    if (seen.length === 2) {
      errors.push({ operation: 'GetRecords', name: 'ExpiredIteratorException' });
      errors.push({ operation: 'GetShardIterator', name: 'TrimmedDataAccessException' });
    }
    return { state: {} };
  }).caughtUp();
  expect(seen).toEqual(['1', '2', '1', '2', '3', '4', '5']);
});
