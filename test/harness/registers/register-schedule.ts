/**
 * A schedule: many requests that use a few tokens again and again on a few registers, through the real
 * store, on a table in memory, while calls are lost, late, doubled and throttled, callers die, clocks
 * are wrong and items expire in any order. Everything follows from a seed.
 */

import { createRegisters } from '../../../functions/counters/register.ts';
import { createDynamoRegisterStore } from '../../../functions/dynamo/dynamo-register-store.ts';
import { createItemReader } from '../../../functions/dynamo/item-reader.ts';
import { allowedBefore, fitsBounds } from '../../../functions/rules/bounds.ts';
import type {
  RegisterChange,
  RegisterItem,
  RegisterStore,
} from '../../../functions/store/register-store.ts';
import { type FaultChances, faultsByChance } from '../../../local/memory-table/faults.ts';
import { connectToMemoryTable } from '../../../local/memory-table/memory-clients.ts';
import { MemoryTable } from '../../../local/memory-table/memory-table.ts';
import type { TableRequest } from '../../../local/memory-table/table-request.ts';
import { VirtualTime } from '../../../local/memory-table/virtual-time.ts';
import { anyonesToken } from '../counts/anyones-token.ts';
import { seededRandom } from '../seeded-random.ts';
import { createRegisterLog } from './register-log.ts';

const HOUR = 3_600_000;
export const lifeMs = 24 * HOUR;
const graceMs = HOUR;
const keepPagesMs = 2 * lifeMs + 7 * 24 * HOUR;

/** What is wrong in one thing, each with a seed that shows it. */
export interface Mutant {
  readonly store?: (store: RegisterStore) => RegisterStore;
  /** Changes the inputs of calls. */
  readonly call?: (input: CallInput) => CallInput;
}

export interface CallInput {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
}

export type Kind = 'count' | 'bounded' | 'tickets';

export interface ScheduleResult {
  readonly problems: readonly string[];
  readonly turns: number;
  readonly moves: number;
  readonly foundOnPages: number;
  readonly barred: number;
}

export async function runSchedule(
  seed: number,
  { store: mutate = (store) => store, call = (input) => input }: Mutant = {},
): Promise<ScheduleResult> {
  const random = seededRandom(seed);
  const below = (most: number) => Math.floor(random() * most);
  const time = new VirtualTime(Date.parse('2096-02-28T12:00:00Z'));
  const table = new MemoryTable({ tableName: 'schedule', now: time.now });
  const kind = (['count', 'bounded', 'tickets'] as const)[below(3)] ?? 'count';
  const shards = kind === 'count' ? 1 + below(2) : 1;
  const bounds = kind === 'bounded' ? { min: 0, max: 1 + below(8) } : {};
  const turnSizes = { first: 2 + below(4), step: 1 + below(3), leavingMax: 3 + below(250) };
  const tokens = Array.from(
    { length: 8 + below(kind === 'bounded' ? 50 : 20) },
    (_, index) => `token-${index}`,
  );
  /** Some take away from what others have added, which makes room where there was none. */
  const amountOf = (token: string) =>
    kind === 'bounded' && token.charCodeAt(token.length - 1) % 3 === 0 ? -1 : 1;
  const log = createRegisterLog(table);
  let areFaultsOn = true;
  const chances: FaultChances = {
    reply_lost: 0.04,
    arrives_late: kind === 'bounded' ? 0.1 : 0.04,
    duplicated: 0.08,
    throttled: 0.03,
    never_sent: 0.02,
    crash_before: 0.003,
    crash_after: 0.006,
  };

  function start() {
    const skewMs = random() < 0.3 ? below(60_000) - 30_000 : 0;
    const now = () => Math.floor(time.now()) + skewMs;
    const chooseFault = faultsByChance(chances, random);
    const { clients, crashed } = connectToMemoryTable({
      table,
      time,
      random,
      chooseFault: (sent) => {
        const fault = areFaultsOn ? chooseFault(sent) : undefined;
        // Where room comes and goes, a call that was answered is not made again by anybody.
        const isAnswered = fault === 'duplicated' && kind === 'bounded' && isEnter(sent);
        return isAnswered ? undefined : fault;
      },
      // Mostly within the schedule; now and then as late as a signature allows.
      latestMs: [4_000, 15_000, 300_000][below(3)] ?? 0,
    });
    const connection = { clients, tableName: table.tableName };
    const readItems = createItemReader({ ...connection, random, pause: time.pause });
    for (const client of [clients.once, clients.retrying]) {
      const send = client.send.bind(client) as (command: object) => Promise<object>;
      client.send = ((command: { input: CallInput }) =>
        send(Object.assign(command, { input: call(command.input) }))) as typeof client.send;
    }
    const store = mutate(log.watched(createDynamoRegisterStore({ ...connection, readItems })));
    const registers = createRegisters({ store, now, random, pause: time.pause, turnSizes });
    const instance = { isDead: false, registers, now, crashed };
    void crashed.then(() => {
      instance.isDead = true;
    });
    return instance;
  }

  const instances = Array.from({ length: 2 + below(3) }, start);
  const keyOf = (shard: number, window: string) =>
    kind === 'tickets'
      ? { subject: 's', counter: 'c', day: '2096-02-28' }
      : { subject: 's', counter: 'c', region: 'r', shard, window };
  /** Bounds are often those of a window, such as calls in a minute; here it is shorter. */
  const windowMs = kind === 'bounded' && random() < 0.5 ? 8_000 : Infinity;
  const windowAt = (nowMs: number) => `w${Math.floor(nowMs / windowMs)}`;
  const claimExpiry = (nowMs: number) => Math.ceil((nowMs + lifeMs + graceMs) / 1000);

  /** One request, from its arrival to its answer or the death of its instance. */
  async function request(token: string): Promise<void> {
    const index = below(instances.length);
    if (instances[index]?.isDead) instances[index] = start();
    const instance = instances[index] as ReturnType<typeof start>;
    const { registers, now, crashed } = instance;
    // Now and then a token is sent with another change: what was refused leaves it free.
    const amount = (kind === 'bounded' && random() < 0.15 ? 2 : 1) * amountOf(token);
    const sent = log.begin(token, time.now());
    const claimedAtMs = now();
    const change = (
      seen: RegisterItem | undefined,
    ): { enter: RegisterChange } | { refuse: string } => {
      const allowed = allowedBefore(amount, bounds);
      if (seen && !fitsBounds(Number(seen.number ?? 0n), allowed)) return { refuse: 'full' };
      return {
        enter: {
          number: { add: BigInt(amount), startsAt: 0n },
          isDirect: kind !== 'tickets',
          got: kind === 'tickets' ? ('number' as const) : 0,
          allowed,
          isCell: kind !== 'tickets',
          allowsAbsent: fitsBounds(0, allowed),
          onlyCell: false,
          resetAway: undefined,
          setsBefore: undefined,
          otherWindows: [],
          nowMs: now(),
          expiresAt: undefined,
        },
      };
    };
    const common = {
      fingerprint: `add ${amount}`,
      region: 'r',
      windows: [windowAt(claimedAtMs)],
      expiresAt: claimExpiry(claimedAtMs),
    };
    const isHot = kind === 'count' && random() < 0.2;
    const counting = registers.count({
      token: { subject: 's', counter: 'c', token: anyonesToken(token) },
      form: isHot
        ? { ...common, form: 'fact', amount: 1, acceptedAtMs: claimedAtMs }
        : { ...common, form: 'claim', claimedAtMs, shard: below(shards) },
      keyOf: ({ shard, windows: [window = ''] }) => keyOf(shard, window),
      planOf: () => async (seen) => change(seen),
      expiryOf: () => undefined,
      isOver: () => false,
      mayBeReused: () => kind === 'bounded',
      claimExpiry,
      keepPagesMs,
    });
    const answer = await Promise.race([
      counting.then(
        (counted) =>
          'got' in counted
            ? {
                is: 'counted' as const,
                got: counted.got,
                isReplay: counted.outcome === 'replayed',
              }
            : { is: counted.outcome === 'fact' ? 'counted' : counted.outcome },
        (error: unknown) => ({ is: log.outcomeOf(error) }),
      ),
      crashed.then(() => ({ is: 'crashed' as const })),
    ]);
    log.end(sent, answer, time.now());
  }

  /** Requests that come now and in the next seconds, many of them at the same time. */
  async function burst(count: number, choose: () => string): Promise<void> {
    const spreadMs = random() < 0.5 ? 3_000 : 20_000;
    await time.run(
      Promise.all(
        Array.from({ length: count }, async () => {
          await time.pause(random() < 0.4 ? 0 : random() * spreadMs);
          await request(choose());
        }),
      ),
    );
  }

  /** Sends every token, until it is answered, and with nothing going wrong. */
  async function settle(): Promise<void> {
    areFaultsOn = false;
    await time.runOut();
    for (const token of tokens) {
      if (log.isUsed(token)) await time.run(request(token));
    }
    await time.runOut();
    areFaultsOn = true;
  }

  const any = () => tokens[below(tokens.length)] ?? '';
  const used = () => tokens.filter((token) => log.isUsed(token))[below(log.usedCount())] ?? any();
  const rounds = 2 + below(4);
  for (let round = 0; round < rounds; round++) {
    await burst(4 + below(kind === 'bounded' ? 40 : 14), any);
    if (random() < 0.5) await time.run(time.pause(random() * 400_000));
  }
  await time.runOut();
  log.checkRefusals();
  if (random() < 0.5) await settle();
  await time.run(time.pause(23 * HOUR));
  table.expire(() => random() < 0.5);
  await burst(4 + below(8), used);
  await settle();
  log.check({ kind, bounds });

  // Claims that were not prolonged are over by now. Their tokens count once more.
  await time.run(time.pause(2.5 * HOUR));
  table.expire(() => random() < 0.5);
  const marginMs = 10 * 60_000;
  const expired = log.tokensExpired(time.now(), marginMs);
  if (expired) {
    await burst(4 + below(8), used);
    await settle();
    log.check({ kind, bounds, expired });
  }
  return { problems: log.problems, ...log.figures() };
}

const isEnter = ({ operation, input }: TableRequest): boolean =>
  operation === 'UpdateItem' && input.ExpressionAttributeValues?.[':entry'] !== undefined;
