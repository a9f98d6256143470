/** Who changes the counters: clients that repeat a change until they know that it is accepted. */

import { createCounters } from '../../functions/counters/counters.ts';
import type { CountDefinition, TallyConfig } from '../../functions/counters/define-counters.ts';
import type { NamedCounter } from '../../functions/counters/named-counter.ts';
import type { Refusal } from '../../functions/counters/refusals.ts';
import { senders } from '../../functions/rules/senders.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../../functions/store/store-errors.ts';
import type { VirtualTime } from '../../local/memory-table/virtual-time.ts';
import { ExpectedCounts } from './expected-counts.ts';
import type { Instance } from './lab-instance.ts';
import type { LabOptions } from './lab-options.ts';

export const counterName = 'views';
export const subjectOf = (index: number): string => `post-${index}`;

const hourMs = 3_600_000;
const instances = 8;
const longestRetryMs = 20_000;
/** Changes that are sent once more although they were accepted. */
const repeatChance = 0.01;

export function namedCounter(config: TallyConfig, subject: string): NamedCounter<CountDefinition> {
  const definition = config.counters.get(counterName);
  if (definition?.kind !== 'count') throw new Error(`${counterName} is not a count`);
  return { subject, counter: counterName, definition };
}

interface WorkloadOptions {
  readonly lab: LabOptions;
  readonly config: TallyConfig;
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly createInstance: () => Instance;
}

/** @returns what the counters must show, when all changes are accepted */
export async function runWorkload(options: WorkloadOptions): Promise<ExpectedCounts> {
  const { lab, config, time, random } = options;
  const startMs = time.now();
  const expected = new ExpectedCounts({ kinds: lab.windows, marginMs: lab.skewMs + 1_000 });
  const newWriter = () => {
    const instance = options.createInstance();
    return { crashed: instance.crashed, counters: createCounters(instance.context) };
  };
  const writers = Array.from({ length: instances }, newWriter);

  /** @returns whether the change is accepted for sure */
  async function tryOnce(subject: string, token: string, amount: number): Promise<boolean> {
    const index = Math.floor(random() * writers.length);
    const writer = writers[index] ?? newWriter();
    const request = { amount, token: { text: token, sender: senders.anyone }, wantCount: false };
    const outcome = await Promise.race([
      writer.counters.counts
        .change(namedCounter(config, subject), request)
        .then(isAccepted, asUnavailable),
      writer.crashed.then(() => 'crashed' as const),
    ]);
    if (outcome === 'crashed') writers[index] = newWriter();
    return outcome === true;
  }

  async function change(index: number): Promise<void> {
    const subject = subjectOf(pickCounter(lab.counters, random));
    const token = `change-${index}-${random()}`;
    const amount = 1 + Math.floor(random() * 3);
    const begunAtMs = time.now();
    while (!(await tryOnce(subject, token, amount))) await time.pause(random() * longestRetryMs);
    expected.add(subject, { amount, begunAtMs, endedAtMs: time.now() });
    if (random() >= repeatChance) return;
    await time.pause(random() * hourMs);
    await tryOnce(subject, token, amount);
  }

  const underWay = new Set<Promise<void>>();
  for (const [index, atMs] of changeTimes(lab, startMs, random).entries()) {
    await time.pause(atMs - time.now());
    const changed = change(index).finally(() => underWay.delete(changed));
    underWay.add(changed);
  }
  await Promise.all(underWay);
  await time.pause(startMs + lab.hours * hourMs - time.now());
  return expected;
}

/** @throws Error where trying again cannot help, which would go on without end */
function isAccepted(answer: { ok: true } | Refusal): boolean {
  if (!answer.ok && answer.code !== 'contended') throw new Error(answer.detail);
  return answer.ok;
}

/** What a client may try again; all else is a mistake of ours. */
function asUnavailable(error: unknown): false {
  if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError) return false;
  throw error;
}

/** Half of the changes go to the first counter, half of the rest to the second … */
function pickCounter(counters: number, random: () => number): number {
  let index = 0;
  while (index < counters - 1 && random() < 0.5) index++;
  return index;
}

/** Epoch ms, one after another. */
function changeTimes(lab: LabOptions, startMs: number, random: () => number): Float64Array {
  const spanMs = lab.hours * hourMs;
  const inBursts = Math.round(lab.changes * lab.burstShare);
  const times: number[] = [];
  while (times.length < inBursts) {
    const quietMs = Math.min(spanMs, lab.burstsFromHour * hourMs);
    const burstAtMs = startMs + quietMs + random() * (spanMs - quietMs);
    const size = Math.min(lab.burstSize, inBursts - times.length);
    for (let index = 0; index < size; index++) {
      times.push(burstAtMs + (random() * size * 1000) / lab.burstRate);
    }
  }
  while (times.length < lab.changes) times.push(startMs + random() * spanMs);
  return Float64Array.from(times).toSorted();
}
