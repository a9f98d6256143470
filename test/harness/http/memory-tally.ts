/** The real HTTP functions and stores on a table in memory, where time passes only while a request runs. */
import { type CounterInput, defineCounters } from '../../../functions/counters/define-counters.ts';
import { createStores } from '../../../functions/dynamo/create-stores.ts';
import { matchRoute } from '../../../functions/http/match-route.ts';
import { createReadFunction } from '../../../functions/http/read-function.ts';
import { createWriteFunction } from '../../../functions/http/write-function.ts';
import type { ChooseFault } from '../../../local/memory-table/faults.ts';
import { connectToMemoryTable } from '../../../local/memory-table/memory-clients.ts';
import { MemoryTable } from '../../../local/memory-table/memory-table.ts';
import { VirtualTime } from '../../../local/memory-table/virtual-time.ts';
import { seededRandom } from '../seeded-random.ts';
import { type ApiRequest, apiEvent, bodyBytes, lambdaContext } from './api-event.ts';

export interface MemoryAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface MemoryTally {
  send(request: ApiRequest): Promise<MemoryAnswer>;
  /** How many items have changed so far. */
  changes(): number;
  readonly errors: readonly Error[];
}

/** Serves what the read and the write function serve. */
export function createMemoryTally(
  counters: Readonly<Record<string, CounterInput>>,
  adminKey: string,
  chooseFault: ChooseFault = () => undefined,
): MemoryTally {
  const time = new VirtualTime(Date.parse('2096-02-28T23:00:00Z'));
  const table = new MemoryTable({ tableName: 'memory', now: time.now });
  const random = seededRandom(1);
  let changes = 0;
  table.onChange(() => changes++);
  const { clients } = connectToMemoryTable({ table, time, random, chooseFault });
  const errors: Error[] = [];
  let newTokens = 0;
  const options = {
    context: {
      config: defineCounters(counters),
      stores: createStores({ clients, tableName: table.tableName, random, pause: time.pause }),
      region: 'local',
      regions: ['local'],
      now: () => Math.floor(time.now()),
      random,
      newToken: () => `made-here-${newTokens++}`,
      pause: time.pause,
    },
    adminKey,
    live: { http: 'https://live.test/event', realtime: 'wss://live.test', apiKey: 'test' },
    logger: { error: (_message: string, error: Error) => void errors.push(error) },
  };
  const read = createReadFunction(options);
  const write = createWriteFunction(options);
  return {
    errors,
    changes: () => changes,
    async send(request) {
      const match = matchRoute(request.method, request.path);
      const handler = match.found === 'route' && match.route.servedBy === 'write' ? write : read;
      const answer = await time.run(handler(apiEvent(request), lambdaContext()));
      const text = bodyBytes(answer).toString('utf8');
      const { statusCode: status, headers } = answer;
      return { status, headers, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
}
