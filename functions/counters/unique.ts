/**
 * The unique kind: how many different members came, in the space of 32 small items however many
 * there were. See rules/hyperloglog.ts for how. Members are hashed with the deployment's secret, so
 * that nobody can craft ids that pile up in one register, and no id is stored.
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
import { type BoundedWindowKind, type WindowKind, windowKeyAt } from '../rules/windows.ts';
import type { SketchKey, SketchStore } from '../store/sketch-store.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { UniqueDefinition } from './define-counters.ts';
import type { NamedCounter } from './named-counter.ts';
import { type Refusal, refuse } from './refusals.ts';
import { refuseByWindow } from './refuse-by-window.ts';
import type { Secrets } from './secrets.ts';
import { isTotalOver, totalExpiry } from './total-expiry.ts';
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
  const answers = new LRUCache<string, { answer: UniqueAnswer; readAtMs: number }>({
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

  async function currentWindow(subject: string, kind: WindowKind): Promise<WindowKeys> {
    const calendar = await calendars.of(subject, [kind]);
    return { ok: true, keys: [windowKeyAt(kind, now(), calendar)] };
  }

  /**
   * The number of different members in a window, or in the union of several.
   * @throws StoreUnavailableError
   */
  async function read(
    { subject, counter, definition }: NamedCounter<UniqueDefinition>,
    { window, range, consistent }: UniqueRequest & { consistent: boolean },
  ): Promise<UniqueAnswer | Refusal> {
    const kind = window ?? definition.windows[0];
    const refusal = refuseByWindow(definition, kind);
    if (refusal) return refusal;
    const windows = range ? windowsOfRange(kind, range) : await currentWindow(subject, kind);
    if (!windows.ok) return windows;
    const name = `${subject}#${counter}#${windows.keys.join(' ')}`;
    const cached = answers.get(name);
    const freshMs = config.settings.readCacheSeconds * 1000;
    if (!consistent && cached && now() - cached.readAtMs < freshMs) return cached.answer;
    const readAtMs = now();
    const kept = windows.keys.filter(
      (key) => !isTotalOver(config, { subject, counter, window: key }, readAtMs),
    );
    const sketches = await store.readSketches(
      kept.flatMap((key) =>
        regions.map((ofRegion) => ({ subject, counter, region: ofRegion, window: key })),
      ),
      { consistent, nowMs: readAtMs },
    );
    const answer = { ok: true, count: estimate(merge(sketches)), standardError } as const;
    answers.set(name, { answer, readAtMs });
    return answer;
  }

  /**
   * Counts a member's visit; visits after the first change nothing.
   * @returns whether it changed the sketch
   * @throws OutcomeUnknownError (visiting again is always right), StoreUnavailableError
   */
  async function visit(counter: NamedCounter<UniqueDefinition>, member: string): Promise<boolean> {
    hashKey ??= createSecretKey(await secrets.sketchKey());
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

const sketchName = ({ subject, counter, window }: Omit<SketchKey, 'region'>): string =>
  `${subject}#${counter}#${window}`;

function windowsOfRange(
  kind: WindowKind,
  range: { readonly from: string; readonly to: string },
): WindowKeys | Refusal {
  if (kind === 'all') return refuse('invalid_range', 'The window "all" has no range.');
  return windowRange({ window: kind satisfies BoundedWindowKind, ...range }, limits.uniqueWindows);
}
