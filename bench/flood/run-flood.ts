/**
 * A flood of anonymous requests: the shipped configuration, the real functions behind their handlers, a
 * table in memory and virtual time. What the fold costs is left out: it is two cents a million in bulk.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { LiveEndpoints } from '../../functions/counters/live-endpoints.ts';
import { createReadFunction } from '../../functions/http/read-function.ts';
import { createWriteFunction } from '../../functions/http/write-function.ts';
import { MemoryTable } from '../../local/memory-table/memory-table.ts';
import { VirtualTime } from '../../local/memory-table/virtual-time.ts';
import { tally } from '../../tally.config.ts';
import { apiEvent, bodyBytes, lambdaContext } from '../../test/harness/http/api-event.ts';
import { seededRandom } from '../../test/harness/seeded-random.ts';
import { createInstance } from '../lab/lab-instance.ts';
import { AddressFirewall } from './address-firewall.ts';
import { type Attack, anonymousAttacks } from './anonymous-attacks.ts';
import { costOf, type FloodMeter, type FloodRow, newMeter } from './flood-costs.ts';
import type { FloodOptions } from './flood-options.ts';

const startMs = Date.UTC(2096, 1, 28, 12, 17);
/** Requests that arrive at the same time. */
const tickMs = 10;
const inventedNames = 20_000;
/** As a deployment has it by default. */
const requestsPerAddress = 6_000;
const nowhere: LiveEndpoints = { http: 'http://none', realtime: 'ws://none', apiKey: 'none' };

/** @returns a row for each attack, and one for all of them */
export async function runFlood(options: FloodOptions): Promise<FloodRow[]> {
  const random = seededRandom(options.seed);
  const time = new VirtualTime(startMs);
  const table = new MemoryTable({ tableName: 'flood', now: time.now });
  const firewall = new AddressFirewall(requestsPerAddress);
  const meters = new Map(anonymousAttacks.map((attack) => [attack, newMeter()]));
  const metering = new AsyncLocalStorage<FloodMeter>();
  const instances = Array.from({ length: options.instances }, startInstance);

  function startInstance() {
    const { context } = createInstance({
      config: tally,
      table,
      time,
      random,
      skewMs: 0,
      chooseFault: undefined,
      observe(_request, { writeUnits, readUnits }) {
        const meter = metering.getStore();
        if (!meter) return;
        meter.writeUnits += writeUnits;
        meter.readUnits += readUnits;
      },
    });
    const logger = {
      error(message: string, error: Error) {
        throw new Error(message, { cause: error });
      },
    };
    const wiring = { context, adminKey: undefined, logger };
    return {
      read: createReadFunction(wiring),
      write: createWriteFunction({ ...wiring, live: nowhere }),
    };
  }

  const invent = () => `x${Math.floor(random() * inventedNames)}`;

  async function send(attack: Attack, meter: FloodMeter, index: number): Promise<void> {
    const address = addressOf(index % options.addresses);
    meter.requests += 1;
    if (options.isProtected && !firewall.lets(address, time.now())) {
      meter.stopped += 1;
      return;
    }
    const event = apiEvent({ ...attack.request(invent, time.now()), address });
    const instance = instances[Math.floor(random() * instances.length)];
    const response = await instance?.[attack.servedBy](event, lambdaContext());
    if (!response || response.statusCode >= 400) meter.refused += 1;
    else meter.done += doneBy(bodyBytes(response).toString());
  }

  async function flood(): Promise<void> {
    const perTick = Math.max(1, Math.round((options.rate * tickMs) / 1_000));
    const pauseMs = (perTick * 1_000) / options.rate;
    const underWay = new Set<Promise<void>>();
    for (let index = 0; index < options.requests; index++) {
      if (index % perTick === 0) await time.pause(pauseMs);
      const attack = anonymousAttacks[Math.floor(random() * anonymousAttacks.length)];
      const meter = attack && meters.get(attack);
      if (!attack || !meter) continue;
      const sent = metering.run(meter, () => send(attack, meter, index));
      underWay.add(sent);
      void sent.finally(() => underWay.delete(sent));
    }
    await Promise.all(underWay);
  }

  await time.run(flood());
  const rows = [...meters].map(([{ name }, meter]) => rowOf(name, meter, options));
  return [...rows, rowOf('all', sumOf([...meters.values()]), options)];
}

/** Each in a network of its own. */
const addressOf = (index: number): string =>
  `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;

/** A batch that was answered holds an answer for each of its items. */
function doneBy(body: string): number {
  const { results } = JSON.parse(body || '{}') as { results?: readonly { status: number }[] };
  return results ? results.filter(({ status }) => status < 400).length : 1;
}

function rowOf(attack: string, meter: FloodMeter, { isProtected }: FloodOptions): FloodRow {
  return { attack, ...meter, dollars: costOf(meter, isProtected) };
}

function sumOf(meters: readonly FloodMeter[]): FloodMeter {
  const sum = newMeter();
  for (const meter of meters) {
    for (const name of Object.keys(sum) as (keyof FloodMeter)[]) sum[name] += meter[name];
  }
  return sum;
}
