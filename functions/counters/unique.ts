/**
 * The unique kind: how many different members came, in the space of 32 small items however many
 * there were. See rules/hyperloglog.ts for how. Members are hashed with the deployment's secret, so
 * that nobody can work out ids that raise many registers, and no id is stored.
 */

import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import {
  emptyRegisters,
  estimate,
  merge,
  type Registers,
  registerOf,
  standardError,
} from '../rules/hyperloglog.ts';
import { limits } from '../rules/limits.ts';
import { type WindowKind, windowKeyAt } from '../rules/windows.ts';
import type { SketchKey, SketchStore } from '../store/sketch-store.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { UniqueDefinition } from './define-counters.ts';
import type { NamedCounter } from './named-counter.ts';
import type { Refusal } from './refusals.ts';
import { refuseByWindow } from './refuse-by-window.ts';
import type { Secrets } from './secrets.ts';
import { firstKept, totalExpiry } from './total-expiry.ts';
import {
  type BeforeWindows,
  endsOf,
  planRange,
  type RangeEnds,
  type RangeRequest,
} from './window-range.ts';

export interface UniqueAnswer {
  readonly ok: true;
  /** Estimated number of different members; null if some windows of the range are not kept any more. */
  readonly count: number | null;
  /** Relative standard error of the estimate. */
  readonly standardError: number;
  /** The key of the window; left out for a range, and for the window that never ends. */
  readonly window?: string;
  /** What a union is of, and the first window that is still kept. */
  readonly range?: RangeEnds & { readonly keptFrom: string };
}

export interface UniqueRequest {
  /** By default the window the counter shows. */
  readonly window?: WindowKind | undefined;
  /** The union of several windows; by default the window of now. */
  readonly range?: RangeRequest | undefined;
}

export function createUniques({
  store,
  secrets,
  calendars,
  region,
  regions,
  config,
  now,
}: {
  store: SketchStore;
  secrets: Secrets;
  calendars: Calendars;
} & Pick<CounterContext, 'region' | 'regions' | 'config' | 'now'>) {
  /** Registers are at least this high in the table: lower ones need no write. */
  const floors = new LRUCache<string, Registers>({ max: limits.rememberedSketches });
  const answers = new LRUCache<string, { count: number; readAtMs: number }>({
    max: limits.rememberedCounters,
  });
  /** As an object, which saves most of the time that a hash takes. */
  let hashKey: KeyObject | undefined;

  /** @returns whether the member was the first to raise its register so high */
  async function raise(
    { subject, counter }: NamedCounter<UniqueDefinition>,
    window: string,
    hash: Buffer,
  ): Promise<boolean> {
    const key = { subject, counter, region, window };
    const name = sketchName(key);
    const register = registerOf(hash);
    const floor = floors.get(name) ?? emptyRegisters();
    if ((floor[register.index] ?? 0) >= register.rank) return false;
    const expiresAt = totalExpiry(config, key);
    const { raised, registers } = await store.raise(key, register, expiresAt);
    // Other calls may have raised the floor meanwhile.
    floors.set(name, merge([floors.get(name) ?? floor, registers]));
    return raised;
  }

  /** The number of different members in these windows together. */
  async function estimateOf(
    { subject, counter }: NamedCounter<UniqueDefinition>,
    keys: readonly string[],
    { consistent }: { consistent: boolean },
  ): Promise<number> {
    const name = `${subject}#${counter}#${keys.join(' ')}`;
    const cached = answers.get(name);
    const freshMs = config.settings.readCacheSeconds * 1000;
    if (!consistent && cached && now() - cached.readAtMs < freshMs) return cached.count;
    const readAtMs = now();
    const sketches = await store.readSketches(
      keys.flatMap((window) =>
        regions.map((ofRegion) => ({ subject, counter, region: ofRegion, window })),
      ),
      { consistent, nowMs: readAtMs },
    );
    const count = estimate(merge(sketches));
    answers.set(name, { count, readAtMs });
    return count;
  }

  async function readRange(
    named: NamedCounter<UniqueDefinition>,
    range: RangeRequest,
    { before, ...options }: { consistent: boolean; before: BeforeWindows },
  ): Promise<UniqueAnswer | Refusal> {
    const { subject, counter, definition } = named;
    const plan = planRange(range, { windows: definition.windows, most: limits.uniqueWindows });
    if (!plan.ok) return plan;
    const windows = plan.windows(await calendars.of(subject, [plan.kind]), now());
    if (!windows.ok) return windows;
    const { kind, keys, calendar } = windows;
    await before(keys.length);
    const nowMs = now();
    const keptFrom = firstKept(config, { subject, counter, kind }, { nowMs, calendar });
    const isKept = keys[0] >= keptFrom;
    const count = isKept
      ? await estimateOf(named, [...keys, ...windows.earlierKeys], options)
      : null;
    return { ok: true, count, standardError, range: { ...endsOf(windows), keptFrom } };
  }

  /**
   * The number of different members in a window, or in the union of several.
   * @throws StoreUnavailableError
   */
  async function read(
    named: NamedCounter<UniqueDefinition>,
    {
      window,
      range,
      consistent,
      before,
    }: UniqueRequest & { consistent: boolean; before: BeforeWindows },
  ): Promise<UniqueAnswer | Refusal> {
    const { subject, definition } = named;
    if (range) return readRange(named, { ...range, window }, { consistent, before });
    const kind = window ?? definition.windows[0];
    const refusal = refuseByWindow(definition, kind);
    if (refusal) return refusal;
    const key = windowKeyAt(kind, now(), await calendars.of(subject, [kind]));
    await before(1);
    const count = await estimateOf(named, [key], { consistent });
    return { ok: true, count, standardError, ...(kind !== 'all' && { window: key }) };
  }

  /**
   * Counts a member's visit; visits after the first change nothing.
   * @returns whether it changed the sketch
   * @throws OutcomeUnknownError (visiting again is always right), StoreUnavailableError
   */
  async function visit(counter: NamedCounter<UniqueDefinition>, member: string): Promise<boolean> {
    hashKey ??= createSecretKey(await secrets.sketchKey());
    const hash = createHmac('sha256', hashKey).update(hashedText(counter, member)).digest();
    const calendar = await calendars.of(counter.subject, counter.definition.windows);
    const windows = counter.definition.windows.map((kind) => windowKeyAt(kind, now(), calendar));
    const raised = await Promise.all(windows.map((window) => raise(counter, window, hash)));
    return raised.includes(true);
  }

  return { read, visit };
}

/**
 * What is hashed of a member. Callers of a public counter choose the ids: they can try many, and see
 * which ones raise the count. The subject in the hash makes these worth nothing on another subject.
 * Elsewhere Tally or the deployment's servers make the ids, and one hash for all subjects lets their
 * sketches be merged.
 */
const hashedText = (
  { subject, counter, definition }: NamedCounter<UniqueDefinition>,
  member: string,
): string =>
  definition.access.write === 'public'
    ? `unique#${subject}#${counter}#${member}`
    : `unique#${counter}#${member}`;

const sketchName = ({ subject, counter, window }: Omit<SketchKey, 'region'>): string =>
  `${subject}#${counter}#${window}`;
