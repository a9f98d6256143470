/** What happens in a schedule, seen from both ends: the changes of the table, and what callers were told. */

import { fromWire } from '../../../functions/dynamo/dynamo-clients.ts';
import { tokenItemKey } from '../../../functions/dynamo/item-keys.ts';
import { parseEntries } from '../../../functions/dynamo/register-items.ts';
import type { Bounds } from '../../../functions/rules/bounds.ts';
import { barringEntry } from '../../../functions/rules/register.ts';
import type { RegisterStore } from '../../../functions/store/register-store.ts';
import {
  OutcomeUnknownError,
  StoreUnavailableError,
} from '../../../functions/store/store-errors.ts';
import type { MemoryTable } from '../../../local/memory-table/memory-table.ts';
import { anyonesToken } from '../counts/anyones-token.ts';
import { type Kind, lifeMs } from './register-schedule.ts';

export interface Sent {
  readonly token: string;
  readonly begunAtMs: number;
  readonly order: number;
  endedAtMs: number;
  endOrder: number;
  /** How often the token was counted when that was answered. */
  timesCounted: number;
  answer: { readonly is: string; readonly got?: number; readonly isReplay?: boolean };
}

const isBarred = (got: number) => got === barringEntry(0).got;

export function createRegisterLog(table: MemoryTable) {
  const problems: string[] = [];
  /** Which token an entry is of. */
  const tokenOf = new Map<string, string>();
  /** By how much an entry changes its register. */
  const amountOf = new Map<string, number>();
  /** What each token was counted as: the number after it, and when. */
  const counted = new Map<string, { number: number; atMs: number }[]>();
  const sent: Sent[] = [];
  const figures = { turns: 0, moves: 0, foundOnPages: 0, barred: 0 };
  let order = 0;
  let numbers = 0;

  function note(token: string, number: number, atMs: number): void {
    const earlier = counted.get(token) ?? [];
    if (earlier.some((it) => atMs - it.atMs < lifeMs)) problems.push(`${token} was counted twice`);
    counted.set(token, [...earlier, { number, atMs }]);
  }

  table.onChange(({ name, before, after, atMs }) => {
    const [old, item] = [fromWire(before), fromWire(after)];
    if (name.pk.startsWith('e#') && old.d === undefined && item.d !== undefined) {
      const token = tokenOf.get(name.pk) ?? 'nobody';
      note(token, Number.NaN, atMs);
    }
    if (
      name.pk.startsWith('e#') &&
      old.c !== undefined &&
      item.c !== undefined &&
      old.c !== item.c
    ) {
      figures.moves++;
    }
    if (name.pk.startsWith('e#') || name.sk.includes('#')) return;
    if (old.g !== item.g) figures.turns++;
    const earlier = parseEntries(old);
    for (const [entryName, { got }] of parseEntries(item)) {
      if (earlier.has(entryName)) continue;
      if (isBarred(got)) {
        figures.barred++;
        continue;
      }
      const token = tokenOf.get(entryName) ?? 'nobody';
      note(token, Number(item.n), atMs);
      numbers +=
        amountOf.get(`${entryName} ${Number(item.n ?? 0) - Number(old.n ?? 0)}`) ?? Number.NaN;
    }
  });

  /** Learns which token an entry is of from those who ask for its name. */
  function watched(store: RegisterStore): RegisterStore {
    return {
      ...store,
      put(key, form, nowMs) {
        tokenOf.set(tokenItemKey(key).pk, key.token.text);
        return store.put(key, form, nowMs);
      },
      entryName(key) {
        const name = store.entryName(key);
        tokenOf.set(name, key.token.text);
        return name;
      },
      enter(key, entry, change) {
        const name = store.entryName(entry);
        tokenOf.set(name, entry.token.text);
        const amount = 'add' in change.number ? Number(change.number.add) : 0;
        amountOf.set(`${name} ${amount}`, amount);
        return store.enter(key, entry, change);
      },
      async pageAfter(key, claimedAtMs) {
        const page = await store.pageAfter(key, claimedAtMs);
        if (page) figures.foundOnPages++;
        return page;
      },
    };
  }

  const timesCounted = (token: string) => counted.get(token)?.length ?? 0;
  const usedTokens = () => [...new Set(sent.map(({ token }) => token))];

  function end(request: Sent, answer: Sent['answer'], nowMs: number): void {
    request.endedAtMs = nowMs;
    request.endOrder = order++;
    request.answer = answer;
    request.timesCounted = timesCounted(request.token);
    if (answer.is === 'counted' && timesCounted(request.token) === 0) {
      problems.push(`${request.token} was told that it is counted, and is not`);
    }
    if (answer.isReplay && sent.every((it) => it === request || it.token !== request.token)) {
      problems.push(`${request.token} was told that it comes again, and it came once`);
    }
    if (answer.is === 'reused' && timesCounted(request.token) === 0) {
      problems.push(`${request.token} was told that it is used, and is free`);
    }
  }

  /** Who is told no, and was the last to ask, is not counted after that by what others sent before. */
  function checkRefusals(): void {
    for (const refused of sent.filter(({ answer }) => answer.is === 'refused')) {
      const others = sent.filter((it) => it !== refused && it.token === refused.token);
      const isLast = others.every(({ endOrder }) => endOrder < refused.order);
      if (isLast && timesCounted(refused.token) > refused.timesCounted) {
        problems.push(`${refused.token} was told no, and is counted`);
      }
    }
  }

  function checkTickets(): void {
    const given = new Map<string, Set<number>>();
    for (const { token, answer } of sent) {
      if (answer.is !== 'counted') continue;
      given.set(token, (given.get(token) ?? new Set()).add(answer.got ?? Number.NaN));
    }
    for (const [token, gots] of given) {
      const own = new Set(counted.get(token)?.map(({ number }) => number));
      if ([...gots].some((got) => !own.has(got)))
        problems.push(`${token} was given ${[...gots].join()}`);
    }
    const all = [...counted.values()].flatMap((its) => its.map(({ number }) => number));
    const isGapFree = all.toSorted((a, b) => a - b).every((number, at) => number === at + 1);
    if (!isGapFree) problems.push(`numbers ${all.join()}`);
  }

  /** @param expired tokens whose first use was forgotten before the last time they were sent */
  function check(options: {
    kind: Kind;
    bounds: Bounds;
    expired?: ReadonlyMap<string, number>;
  }): void {
    const { kind, bounds, expired } = options;
    checkRefusals();
    if (kind === 'tickets') checkTickets();
    const registers = [...table.items()]
      .map((item) => fromWire(item))
      .filter(({ pk, sk }) => !String(pk).startsWith('e#') && !String(sk).includes('#'));
    const total = registers.reduce((sum, { n = 0 }) => sum + Number(n), 0);
    if (total !== numbers) problems.push(`the number is ${total}, and ${numbers} were counted`);
    const { min = -Infinity, max = Infinity } = bounds;
    for (const { n = 0 } of registers) {
      if (Number(n) < min || Number(n) > max) problems.push(`${Number(n)} is out of bounds`);
    }
    for (const token of usedTokens()) {
      const times = timesCounted(token);
      const most = 1 + (expired?.get(token) ?? 0);
      const isRight = kind === 'bounded' ? times <= most : times === most;
      if (!isRight) problems.push(`${token} was counted ${times} times, not ${most}`);
    }
    for (const { token, answer } of sent) {
      if (answer.is === 'error') problems.push(`${token} made an error`);
      if (kind !== 'bounded' && answer.is === 'refused') problems.push(`${token} was refused`);
    }
  }

  return {
    problems,
    watched,
    end,
    check,
    checkRefusals,
    figures: () => figures,
    isUsed: (token: string) => sent.some((it) => it.token === token),
    usedCount: () => usedTokens().length,

    begin(token: string, nowMs: number): Sent {
      const request: Sent = {
        token,
        begunAtMs: nowMs,
        order: order++,
        endedAtMs: Number.NaN,
        endOrder: Number.POSITIVE_INFINITY,
        timesCounted: 0,
        answer: { is: 'under way' },
      };
      sent.push(request);
      return request;
    },

    outcomeOf(error: unknown): string {
      if (error instanceof OutcomeUnknownError) return 'unknown';
      if (error instanceof StoreUnavailableError) return 'unavailable';
      problems.push(String(error instanceof Error ? error.stack : error));
      return 'error';
    },

    /** Used tokens by whether they are forgotten; undefined if that is not clear for some of them. */
    tokensExpired(nowMs: number, marginMs: number): Map<string, number> | undefined {
      const expired = new Map<string, number>();
      for (const token of usedTokens()) {
        const key = { subject: 's', counter: 'c', token: anyonesToken(token) };
        const item = fromWire(table.item(tokenItemKey(key)));
        const expiresAtMs = item.x === undefined ? 0 : Number(item.x) * 1000;
        if (Math.abs(expiresAtMs - nowMs) < marginMs) return undefined;
        expired.set(token, expiresAtMs < nowMs ? 1 : 0);
      }
      return expired;
    },
  };
}
