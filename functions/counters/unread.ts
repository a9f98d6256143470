/**
 * Unread badges: what has come on the counters a user subscribed to since the user last looked. A
 * subscription remembers where the counter stood then, and what is unread is computed anew each time,
 * so it cannot drift. Both are what is folded: a change that is pending when the user looks is unread
 * afterwards.
 */
import { isDeepStrictEqual } from 'node:util';
import { limits } from '../rules/limits.ts';
import { type Sight, unreadSince } from '../rules/unread.ts';
import { allWindowKey } from '../rules/windows.ts';
import type { Subscription, SubscriptionStore } from '../store/subscription-store.ts';
import type { CounterContext } from './counter-context.ts';
import type { CounterDefinition } from './define-counters.ts';
import { type Refusal, refuse } from './refusals.ts';
import type { Totals } from './total.ts';

export interface UnreadRow {
  readonly subject: string;
  readonly counter: string;
  /** What has come since the user last looked, never below 0; or why that cannot be told. */
  readonly unread: { readonly ok: true; readonly count: number } | Refusal;
}

export interface UnreadAnswer {
  readonly ok: true;
  /** The sum of the rows that have a count; null if JSON cannot carry it exactly. */
  readonly count: number | null;
  readonly subscriptions: readonly UnreadRow[];
}

type Name = Pick<Subscription, 'subject' | 'counter'>;
/** Whether the caller may know of a counter. */
export type MayRead = (name: Name) => Promise<boolean>;

interface Standing extends Subscription {
  /** Where the counter stands now. */
  readonly now: Sight;
}

export function createUnread({
  store,
  totals,
  config,
}: {
  store: SubscriptionStore;
  totals: Totals;
} & Pick<CounterContext, 'config'>) {
  async function look(
    { subject, counter }: Name,
    options: { consistent: boolean },
  ): Promise<Sight> {
    const key = { subject, counter, window: allWindowKey };
    const { count, resetAway, parts } = await totals.read(key, options);
    // All choices, also those that have left the configuration: they are in what was seen, too.
    return { count: [...parts.values()].reduce((sum, part) => sum + part, count), resetAway };
  }

  /** The subscriptions of a user that the caller may know of. */
  async function readable(user: string, mayRead: MayRead): Promise<Subscription[]> {
    const all = await store.list(user);
    const allowed = await Promise.all(all.map(mayRead));
    return all.filter((_, index) => allowed[index]);
  }

  /** Where the user stands on each counter that the caller may know of. */
  async function standings(
    user: string,
    mayRead: MayRead,
    options: { consistent: boolean },
  ): Promise<Standing[]> {
    const shown = await readable(user, mayRead);
    return Promise.all(shown.map(async (it) => ({ ...it, now: await look(it, options) })));
  }

  return {
    /**
     * Subscribes a user to what comes from now on. Again and again is the same as once. All of a user's
     * subscriptions count against the limit: callers that each see a part of them could go beyond it.
     * @throws OutcomeUnknownError, StoreUnavailableError
     */
    async subscribe(user: string, name: Name): Promise<{ ok: true } | Refusal> {
      const definition = config.counters.get(name.counter);
      if (!definition || !hasTotal(definition)) {
        return refuse(
          'wrong_kind',
          'Unread takes a count that has the window "all", or a reaction.',
        );
      }
      // Read strongly: what an older total does not hold would look as if it came later.
      const [others, seen] = await Promise.all([
        store.list(user),
        look(name, { consistent: true }),
      ]);
      const isSame = (it: Name) => it.subject === name.subject && it.counter === name.counter;
      if (others.some(isSame)) return { ok: true };
      if (areTooMany([...others, name])) return refuseSubscription();
      await store.add(user, { ...name, seen });
      // Those that came at the same time have not seen each other.
      if (!areTooMany(await store.list(user))) return { ok: true };
      await store.remove(user, name);
      return refuseSubscription();
    },

    /** @throws OutcomeUnknownError, StoreUnavailableError */
    unsubscribe: (user: string, name: Name): Promise<void> => store.remove(user, name),

    /** What is unread now. @throws StoreUnavailableError */
    async read(user: string, mayRead: MayRead): Promise<UnreadAnswer> {
      return answer(await standings(user, mayRead, { consistent: false }));
    },

    /** Marks as read what has come until now. @throws OutcomeUnknownError, StoreUnavailableError */
    async markRead(user: string, mayRead: MayRead): Promise<UnreadAnswer> {
      const all = await standings(user, mayRead, { consistent: true });
      const moved = all.filter(({ seen, now }) => !isDeepStrictEqual(seen, now));
      await Promise.all(moved.map((it) => store.markSeen(user, it, it.now)));
      return answer(all.map((it) => ({ ...it, seen: it.now })));
    },
  };
}

const areTooMany = (names: readonly Name[]): boolean => names.length > limits.subscriptions;

const refuseSubscription = (): Refusal =>
  refuse('too_many_subscriptions', `A user has at most ${limits.subscriptions}.`);

/** Whether a counter has a total for all time that something comes on. */
const hasTotal = (definition: CounterDefinition): boolean =>
  definition.kind === 'reaction' ||
  (definition.kind === 'count' && definition.windows.includes('all'));

function answer(standings: readonly Standing[]): UnreadAnswer {
  const unread = standings.map(({ seen, now }) => unreadSince(seen, now));
  const subscriptions = standings.map(({ subject, counter }, index) => ({
    subject,
    counter,
    unread: exactly(unread[index] ?? 0n),
  }));
  const sum = subscriptions.reduce((all, row) => all + (row.unread.ok ? row.unread.count : 0), 0);
  return { ok: true, count: Number.isSafeInteger(sum) ? sum : null, subscriptions };
}

/** One counter that is too large says so in its own row: anybody may have made it so. */
function exactly(count: bigint): UnreadRow['unread'] {
  const asNumber = Number(count);
  if (Number.isSafeInteger(asNumber)) return { ok: true, count: asNumber };
  return refuse('count_too_large', `${count} are unread, which JSON cannot carry exactly.`);
}
