/**
 * The unique kind: how many different members came, in the space of 32 small items however many
 * there were. See rules/hyperloglog.ts for how. Members are hashed with the deployment's secret, so
 * that nobody can craft ids that pile up in one register, and no id is stored.
 */

import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
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
import {
  type BoundedWindowKind,
  type WindowKind,
  windowExpiry,
  windowKeyAt,
} from '../rules/windows.ts';
import type { SketchKey } from '../store/sketch-store.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { UniqueDefinition } from './define-counters.ts';
import type { NamedCounter } from './named-counter.ts';
import { type Refusal, refuse } from './refusals.ts';
import { type WindowKeys, windowRange } from './window-range.ts';

export interface UniqueAnswer {
  readonly ok: true;
  /** Estimated number of different members. */
  readonly count: number;
  /** Relative standard error of the estimate. */
  readonly standardError: number;
}

export interface UniqueRequest {
  /** By default the window the counter shows. */
  readonly window?: WindowKind | undefined;
  /** The union of the windows from here to there, both included; by default the window of now. */
  readonly range?: { readonly from: string; readonly to: string } | undefined;
}

export function createUniques({
  context,
  calendars,
}: {
  context: CounterContext;
  calendars: Calendars;
}) {
  const { store, sketchStore, region, regions, config, now } = context;
  /** Registers that are known to be at least this high; they save the writes that change nothing. */
  const known = new LRUCache<string, Registers>({ max: limits.rememberedSketches });
  const remembered = new LRUCache<string, { answer: UniqueAnswer; readAtMs: number }>({
    max: limits.rememberedCounters,
  });
  /** As an object, which saves most of the time that a hash takes. */
  let hashKey: KeyObject | undefined;
  const nameOf = ({ subject, counter, window }: Omit<SketchKey, 'region'>) =>
    `${subject}#${counter}#${window}`;

  /** @returns whether the member was the first to raise its register so high */
  async function raise(
    counter: NamedCounter<UniqueDefinition>,
    window: string,
    hash: Buffer,
  ): Promise<boolean> {
    const key = { subject: counter.subject, counter: counter.counter, region, window };
    const register = registerOf(hash);
    const before = known.get(nameOf(key)) ?? emptyRegisters();
    if ((before[register.index] ?? 0) >= register.rank) return false;
    const jitter = jitterOf(nameOf(key));
    const expiresAt = windowExpiry({ window, keepDays: counter.definition.keepDays, jitter });
    const { raised, registers } = await sketchStore.raise(key, register, expiresAt);
    known.set(nameOf(key), merge([known.get(nameOf(key)) ?? before, registers]));
    return raised;
  }

  /** The keys of the windows that are asked for, or why there are none. */
  async function windowsOf(
    counter: NamedCounter<UniqueDefinition>,
    request: UniqueRequest,
  ): Promise<WindowKeys | Refusal> {
    const kind = request.window ?? counter.definition.windows[0];
    if (!counter.definition.windows.includes(kind)) {
      const kinds = counter.definition.windows.join(', ');
      return refuse('invalid_window', `This counter has no window "${kind}"; it has ${kinds}.`);
    }
    if (request.range) {
      if (kind === 'all') return refuse('invalid_range', 'The window "all" has no range.');
      const range = { window: kind satisfies BoundedWindowKind, ...request.range };
      return windowRange(range, limits.uniqueWindows);
    }
    const calendar = await calendars.of(counter.subject, [kind]);
    return { ok: true, keys: [windowKeyAt(kind, now(), calendar)] };
  }

  /**
   * The number of different members in a window, or in the union of several.
   * @throws StoreUnavailableError
   */
  async function read(
    { subject, counter, definition }: NamedCounter<UniqueDefinition>,
    request: UniqueRequest & { consistent: boolean },
  ): Promise<UniqueAnswer | Refusal> {
    const range = await windowsOf({ subject, counter, definition }, request);
    if (!range.ok) return range;
    const { keys: windows } = range;
    const name = `${subject}#${counter}#${windows.join(' ')}`;
    const memory = remembered.get(name);
    const freshMs = config.settings.readCacheSeconds * 1000;
    if (!request.consistent && memory && now() - memory.readAtMs < freshMs) return memory.answer;
    const readAtMs = now();
    const sketches = await sketchStore.readSketches(
      windows.flatMap((window) =>
        regions.map((ofRegion) => ({ subject, counter, region: ofRegion, window })),
      ),
      { consistent: request.consistent, nowMs: readAtMs },
    );
    const answer = { ok: true, count: estimate(merge(sketches)), standardError } as const;
    remembered.set(name, { answer, readAtMs });
    return answer;
  }

  /**
   * Says that a member came; again and again is the same as once.
   * @returns whether that changed the sketch
   * @throws OutcomeUnknownError (saying it again is always right), StoreUnavailableError
   */
  async function visit(counter: NamedCounter<UniqueDefinition>, member: string): Promise<boolean> {
    hashKey ??= createSecretKey(await store.secret());
    const hash = createHmac('sha256', hashKey)
      .update(`unique#${counter.counter}#${member}`)
      .digest();
    const calendar = await calendars.of(counter.subject, counter.definition.windows);
    const windows = counter.definition.windows.map((kind) => windowKeyAt(kind, now(), calendar));
    const raised = await Promise.all(windows.map((window) => raise(counter, window, hash)));
    return raised.includes(true);
  }

  return { read, visit };
}

/**
 * The same for all pages of a sketch, whoever writes them, so that they expire together: half a sketch
 * would be a wrong estimate.
 *
 * @returns in [0, 1)
 */
const jitterOf = (sketch: string): number =>
  createHash('sha256').update(sketch).digest().readUInt32BE() / 2 ** 32;
