import type { JsonObject } from './wire-errors.ts';

/** Which requests a rule is about. */
export interface Match {
  /** `PutItem`, `TransactWriteItems`, …; every operation if left out. */
  readonly operation?: string | readonly string[];
  /** Looks into the request, for example at a key. */
  readonly where?: (body: JsonObject) => boolean;
  /** How many requests are hit before the rule is used up; no limit if left out. */
  readonly times?: number;
  /** The share of matching requests that is hit; every one if left out. */
  readonly rate?: number;
}

export type Effect =
  /** A hot key: refused, nothing written. */
  | 'throttle'
  /** Over the request rate of the table or the account: refused, nothing written. */
  | 'throttle request'
  /** Another transaction holds an item: refused, nothing written. */
  | 'conflict'
  /** 500, nothing written. */
  | 'server error before commit'
  /** The connection breaks, nothing written. */
  | 'drop before commit'
  /** 500, and yet written. */
  | 'error after commit'
  /** The connection breaks, and yet written. */
  | 'lose reply'
  /** BatchGetItem answers the first half of its keys and hands the others back as unprocessed. */
  | 'unprocessed';

export interface Fault extends Match {
  readonly effect: Effect;
  /** For `throttle` and `conflict` in a transaction: the index of the item at fault; 0 if left out. */
  readonly culprit?: number;
}

export interface Injection {
  /** How many requests the rule has hit. */
  readonly hits: number;
  remove(): void;
}

/** Parks requests, so that a test decides the order in which things happen. */
export interface Gate {
  /** Resolves once so many requests in all have reached the gate. */
  reached(count?: number): Promise<void>;
  /** Lets the oldest parked requests go on. */
  release(count?: number): void;
  /** Lets every parked request go on and parks no more. */
  open(): void;
}

/** A fault or a gate, together with the requests it is for. */
export interface Rule<Payload> extends Injection {
  readonly payload: Payload;
  /** Whether the rule hits this request; a hit counts. */
  hit(operation: string, body: JsonObject): boolean;
}

export interface RuleParts<Payload> {
  readonly match: Match;
  readonly payload: Payload;
  /** Yields numbers from 0 to 1, 1 excluded. */
  readonly random: (() => number) | undefined;
  readonly onRemove: () => void;
}

export function createRule<Payload>(parts: RuleParts<Payload>): Rule<Payload> {
  const { match, payload, random, onRemove } = parts;
  const { operation: wanted, where, times = Infinity, rate = 1 } = match;
  if (rate < 1 && random === undefined) {
    throw new Error('A rule with a rate needs the proxy to be started with a random function.');
  }
  let hits = 0;
  return {
    payload,
    get hits() {
      return hits;
    },
    hit(operation, body) {
      const isHit =
        hits < times &&
        (wanted === undefined || [wanted].flat().includes(operation)) &&
        (where === undefined || where(body)) &&
        (random === undefined || rate === 1 || random() < rate);
      if (isHit) hits++;
      return isHit;
    },
    remove: onRemove,
  };
}

/** The proxy's side of a gate: `pass` resolves when the request may go on. */
export function createGate({ onOpen }: { onOpen: () => void }): Gate & { pass(): Promise<void> } {
  const parked: (() => void)[] = [];
  const watchers: { count: number; resolve: () => void }[] = [];
  let arrivals = 0;
  let isOpen = false;

  function release(count: number): void {
    for (const resume of parked.splice(0, count)) resume();
  }

  return {
    pass() {
      arrivals++;
      for (const watcher of watchers) if (arrivals >= watcher.count) watcher.resolve();
      return isOpen ? Promise.resolve() : new Promise((resolve) => parked.push(resolve));
    },
    reached(count = 1) {
      return arrivals >= count
        ? Promise.resolve()
        : new Promise((resolve) => watchers.push({ count, resolve }));
    },
    release(count = 1) {
      release(count);
    },
    open() {
      isOpen = true;
      release(parked.length);
      onOpen();
    },
  };
}
