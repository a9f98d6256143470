/**
 * Tally inside a test: the real HTTP functions, counters and store on a table of their own, with the
 * clock, chance and waiting in the test's hands. Several instances share the table as several Lambda
 * containers do: each has its own memory. Nothing is folded until the test asks for it.
 */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { ChallengeEnvironment } from '../../functions/counters/challenge-environment.ts';
import type { CounterContext } from '../../functions/counters/counter-context.ts';
import {
  type CounterInput,
  defineCounters,
  type SettingsInput,
  type TallyConfig,
} from '../../functions/counters/define-counters.ts';
import { createStores } from '../../functions/dynamo/create-stores.ts';
import { createDynamoClients, fromWire } from '../../functions/dynamo/dynamo-clients.ts';
import { createDynamoFoldStore } from '../../functions/dynamo/dynamo-fold-store.ts';
import { cellItemKey, deploymentsItemKey } from '../../functions/dynamo/item-keys.ts';
import type { Logger } from '../../functions/http/http-function.ts';
import { matchRoute } from '../../functions/http/match-route.ts';
import { createReadFunction } from '../../functions/http/read-function.ts';
import type { HttpResponse } from '../../functions/http/responses.ts';
import { defaultFunction } from '../../functions/http/routes.ts';
import { createSiteFunction } from '../../functions/http/site-function.ts';
import { createWriteFunction } from '../../functions/http/write-function.ts';
import type { CellKey } from '../../functions/store/cell-store.ts';
import { createStreamFunction } from '../../functions/stream/stream-function.ts';
import type { HttpHandlers } from '../../local/http-server.ts';
import { watchHandler } from './contract/watched-handlers.ts';
import { withAnyAmounts } from './counts/any-amounts.ts';
import { createTestTable, type TestTable } from './engine/test-table.ts';
import { type ApiRequest, apiEvent, bodyBytes, lambdaContext } from './http/api-event.ts';
import { createLedgerDelivery, scanTable, watchDirectChanges } from './ledger-delivery.ts';
import { seededRandom } from './seeded-random.ts';

export const open = { read: 'public', write: 'public' } as const;
export const keyed = { read: 'key', write: 'key' } as const;

export interface TallyOptions {
  /** Their counts take any amount, unless they say their `amounts`. */
  readonly counters: Readonly<Record<string, CounterInput>>;
  readonly settings?: SettingsInput;
  readonly instances?: number;
  /** A new one if left out. */
  readonly table?: TestTable;
  /** Where the HTTP functions reach DynamoDB, if not at the table's own endpoint: a fault proxy. */
  readonly endpoint?: string;
  /** The regions with a replica; the instances are in the first. */
  readonly regions?: readonly [string, ...string[]];
  readonly adminKey?: string;
  readonly challenge?: ChallengeEnvironment;
  /** When the test's time begins. */
  readonly startsAt?: string;
  readonly seed?: number;
  /** Whether the clock moves while Tally pauses, so that deadlines come. */
  readonly pausesTakeTime?: boolean;
}

export interface Answer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON, or the text if it is not JSON. */
  readonly body: unknown;
}

export interface ChangeOptions {
  readonly token?: string;
  /** `Prefer: return=minimal` */
  readonly minimal?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One container of each HTTP function. */
export interface Instance {
  readonly handlers: HttpHandlers;
  send(request: ApiRequest): Promise<Answer>;
  /** @param counter `subject/counter` */
  change(counter: string, amount: number, options?: ChangeOptions): Promise<Answer>;
  read(counter: string, query?: ApiRequest['query']): Promise<Answer>;
}

export interface TestClock {
  /** Epoch ms. */
  readonly now: () => number;
  /** @param to epoch ms, or RFC 3339 */
  readonly moveTo: (to: number | string) => void;
  readonly advance: (ms: number) => void;
}

/** The first instance, for tests that need no other, and what all instances share. */
export interface TallyUnderTest extends Instance {
  readonly table: TestTable;
  readonly clock: TestClock;
  readonly instances: readonly Instance[];
  /** What the pauses that Tally made would have taken, in ms. */
  readonly pauses: readonly number[];
  /** What was logged as an error. */
  readonly errors: readonly Error[];
  /**
   * Folds the changes of counts that are pending. Members are not folded here: what a member was
   * before matters, and only a real stream tells that (`createStreamedTally`).
   */
  settle(): Promise<void>;
  /** All items but the record of the deployments. */
  items(): Promise<Record<string, unknown>[]>;
  /** The item of a cell as it is stored; undefined if there is none. */
  cell(key: CellName): Promise<Record<string, unknown> | undefined>;
  seedCell(key: CellName, attributes: Readonly<Record<string, unknown>>): Promise<void>;
}

/** By default the only cell of a total without windows, in the instances' region. */
export type CellName = Pick<CellKey, 'subject' | 'counter'> & Partial<CellKey>;

/**
 * DynamoDB Local deletes what has expired by the real clock, so the test's time is one that no
 * machine has reached: an hour before a leap day.
 */
const usualStart = '2096-02-28T23:00:00.000Z';

export async function createTallyUnderTest(options: TallyOptions): Promise<TallyUnderTest> {
  const { counters, settings, regions = ['local'], seed = 1 } = options;
  const table = options.table ?? (await createTestTable());
  const config = defineCounters(withAnyAmounts(counters), settings);
  const clock = createTestClock(options.startsAt ?? usualStart);
  const pauses: number[] = [];
  const errors: Error[] = [];
  const random = seededRandom(seed);
  const [region] = regions;
  let newTokens = 0;

  const pause = async (ms: number) => {
    pauses.push(ms);
    if (options.pausesTakeTime) clock.advance(ms);
  };

  const storesAt = (endpoint: string) => {
    const clients = createDynamoClients(endpoint);
    const stores = createStores({ clients, tableName: table.tableName, random, pause });
    return { clients, stores };
  };

  // What a container reads once is read past the proxy, so that a test sees what a request does.
  const { deployments } = storesAt(table.endpoint).stores;

  const connect = (endpoint: string) => {
    const { clients, stores } = storesAt(endpoint);
    const context: CounterContext = {
      config,
      stores: { ...stores, deployments },
      region,
      regions,
      now: clock.now,
      random,
      newToken: () => `made-here-${newTokens++}`,
      pause,
    };
    return { clients, context };
  };

  const startInstance = (): Instance => {
    const { clients, context } = connect(options.endpoint ?? table.endpoint);
    watchDirectChanges(clients, (change) => ledger.note(change));
    return createInstance({
      config,
      context,
      adminKey: options.adminKey,
      challenge: options.challenge ?? {},
      logger: { error: (_message, error) => void errors.push(error) },
    });
  };

  const stream = connect(table.endpoint);
  const ledger = createLedgerDelivery({
    ...table,
    now: clock.now,
    handler: createStreamFunction({
      context: stream.context,
      foldStore: createDynamoFoldStore({
        clients: stream.clients,
        tableName: table.tableName,
        random,
        pause: async () => {},
      }),
      publish: async () => {},
      report: () => {},
    }),
  });

  const cellKey = (key: CellName) => cellItemKey({ region, shard: 0, window: '-', ...key });
  const items = async () =>
    (await scanTable(table)).map(fromWire).filter(({ pk }) => pk !== deploymentsItemKey.pk);
  const instances = Array.from({ length: options.instances ?? 1 }, startInstance);
  return {
    ...(instances[0] ?? startInstance()),
    table,
    clock,
    instances,
    pauses,
    errors,
    items,
    settle: () => ledger.deliver(),
    async cell(key) {
      const { pk, sk } = cellKey(key);
      return (await items()).find((item) => item.pk === pk && item.sk === sk);
    },
    async seedCell(key, attributes) {
      const Item = marshall({ ...cellKey(key), ...attributes });
      await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
    },
  };
}

function createInstance(options: {
  config: TallyConfig;
  context: CounterContext;
  adminKey: string | undefined;
  challenge: ChallengeEnvironment;
  logger: Logger;
}): Instance {
  const { context, config, adminKey, challenge, logger } = options;
  const live = { http: 'https://live.test/event', realtime: 'wss://live.test', apiKey: 'test' };
  const handlers: HttpHandlers = {
    read: watchHandler(createReadFunction({ context, adminKey, logger })),
    write: watchHandler(createWriteFunction({ context, adminKey, live, challenge, logger })),
    site: watchHandler(createSiteFunction({ config, logger })),
  };

  async function send(request: ApiRequest): Promise<Answer> {
    const match = matchRoute(request.method, request.path);
    const name = match.found === 'route' ? match.route.servedBy : defaultFunction;
    return toAnswer(await handlers[name](apiEvent(request), lambdaContext()));
  }

  return {
    handlers,
    send,
    change: (counter, amount, { token, minimal = false, headers = {} } = {}) =>
      send({
        method: 'PUT',
        path: `/v1/${counter}`,
        headers: {
          ...headers,
          ...(token === undefined ? {} : { 'idempotency-key': token }),
          ...(minimal ? { prefer: 'return=minimal' } : {}),
        },
        body: { action: amount < 0 ? 'decrement' : 'increment', amount: Math.abs(amount) },
      }),
    read: (counter, query = {}) => send({ method: 'GET', path: `/v1/${counter}`, query }),
  };
}

/** @throws if a header comes in two spellings: a client would see only one of them */
function toAnswer(response: HttpResponse): Answer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    const spelling = name.toLowerCase();
    if (spelling in headers) throw new Error(`the header ${spelling} comes twice`);
    headers[spelling] = value;
  }
  const text = bodyBytes(response).toString('utf8');
  const isJson = /[/+]json$/.test(headers['content-type'] ?? '');
  return { status: response.statusCode, headers, body: isJson && text ? JSON.parse(text) : text };
}

function createTestClock(startsAt: string): TestClock {
  let nowMs = Date.parse(startsAt);
  return {
    // A clock shows whole milliseconds, whatever pauses there were.
    now: () => Math.floor(nowMs),
    moveTo(to) {
      nowMs = typeof to === 'number' ? to : Date.parse(to);
    },
    advance(ms) {
      nowMs += ms;
    },
  };
}
