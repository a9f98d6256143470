/**
 * The ticket kind: sequential numbers for each subject and business day, such as order numbers. No
 * gaps, no duplicates, and a token always gets the same number. A day's book is a register that
 * counts up.
 */

import { limits } from '../rules/limits.ts';
import { senders, type Token } from '../rules/senders.ts';
import {
  type Position,
  packPosition,
  positionsOfShift,
  unpackPosition,
} from '../rules/ticket-numbers.ts';
import { tokenExpiry } from '../rules/tokens.ts';
import { expiryJitter, windowExpiry, windowKeyAt } from '../rules/windows.ts';
import type { BookKey, Claim, RegisterChange, RegisterStore } from '../store/register-store.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { TicketDefinition } from './define-counters.ts';
import type { Entered, PlanChange } from './enter-register.ts';
import type { NamedCounter } from './named-counter.ts';
import { type Refusal, refuse } from './refusals.ts';
import type { Counted, Registers } from './register.ts';
import { refuseByAge } from './token-age.ts';
import { keepPagesMs } from './total-expiry.ts';

/** What a token can be used for. */
type Purpose = 'ticket' | 'reset';

/** A number that was given out, or a reset: what a token stands for. */
export interface Issue extends Position {
  readonly ok: true;
  readonly day: string;
  /** Epoch ms of the book's last change, as it was seen then. */
  readonly updatedAtMs: number | null;
  /** The token had got this earlier. */
  readonly replayed: boolean;
}

export interface BookAnswer {
  readonly ok: true;
  /** The last number given out in this shift; null if there is none yet. */
  readonly number: number | null;
  readonly day: string;
  readonly shift: number;
  readonly updatedAtMs: number | null;
}

export interface ResetAnswer extends BookAnswer {
  readonly replayed: boolean;
}

/** Tokens are remembered as long as their books: a number keeps its token while it means something. */
const ticketLifetimeMs = limits.keepBookDays * 86_400_000;

export function createTickets({
  store,
  registers,
  calendars,
  ...context
}: {
  store: Pick<RegisterStore, 'read'>;
  registers: Registers;
  calendars: Calendars;
} & Pick<CounterContext, 'region' | 'now' | 'newToken'>) {
  const { now } = context;

  async function bookOf({ subject, counter }: NamedCounter<TicketDefinition>): Promise<BookKey> {
    const calendar = await calendars.of(subject);
    return { subject, counter, day: windowKeyAt('day', now(), calendar) };
  }

  const bookOfClaim = (book: BookKey, { windows: [day = book.day] }: Claim) => ({ ...book, day });

  function planOf(
    book: BookKey,
    purpose: Purpose,
    { startsAt }: TicketDefinition,
  ): PlanChange<'too_many_shifts'> {
    const before = { shift: 1, number: startsAt - 1 };
    if (purpose === 'ticket') {
      const number = { add: 1n, startsAt: BigInt(packPosition(before)) };
      return async () => ({ enter: changeOf(book, { number, allowed: {}, allowsAbsent: true }) });
    }
    return async (seen) => {
      // Most books have one shift; one that has more says so when it refuses.
      const { shift } = seen?.number === undefined ? before : unpackPosition(Number(seen.number));
      if (shift >= limits.shifts) return { refuse: 'too_many_shifts' };
      const to = BigInt(packPosition({ shift: shift + 1, number: startsAt - 1 }));
      const allowed = positionsOfShift(shift);
      return { enter: changeOf(book, { number: { to }, allowed, allowsAbsent: shift === 1 }) };
    };
  }

  const changeOf = (
    book: BookKey,
    change: Pick<RegisterChange, 'number' | 'allowed' | 'allowsAbsent'>,
  ): RegisterChange => ({
    ...change,
    isCell: false,
    isDirect: false,
    got: 'number',
    onlyCell: false,
    resetAway: undefined,
    setsBefore: undefined,
    otherWindows: [],
    nowMs: now(),
    expiresAt: bookExpiry(book),
  });

  /** @throws OutcomeUnknownError, StoreUnavailableError */
  async function issue(
    { subject, counter, definition }: NamedCounter<TicketDefinition>,
    purpose: Purpose,
    token: Token | undefined,
  ): Promise<Issue | Refusal> {
    const refusedToken = token && refuseByAge(token.text, now(), ticketLifetimeMs);
    if (refusedToken) return refusedToken;
    const book = await bookOf({ subject, counter, definition });
    const keptMs = keepPagesMs(ticketLifetimeMs / 3_600_000);
    if (token === undefined) {
      const entered = await registers.enter({
        key: book,
        token: {
          subject,
          counter,
          token: { text: context.newToken(), sender: senders.tally },
        },
        claim: { claimedAtMs: now(), isFirst: true, isOwn: true, isStored: false },
        plan: planOf(book, purpose, definition),
        claimExpiry: () => 0,
        expiresAt: bookExpiry(book),
        keepPagesMs: keptMs,
      });
      return asIssue(book.day, entered);
    }
    // Longer than the book: when it is forgotten, there must be nothing left that it could forget.
    const claimExpiry = (nowMs: number) =>
      Math.max(bookExpiry(book) + 3_600, tokenExpiry(token.text, nowMs, ticketLifetimeMs));
    const claimedAtMs = now();
    const counted = await registers.count({
      token: { subject, counter, token },
      form: {
        form: 'claim',
        fingerprint: purpose,
        region: context.region,
        windows: [book.day],
        claimedAtMs,
        shard: 0,
        expiresAt: claimExpiry(claimedAtMs),
      },
      keyOf: (claim) => bookOfClaim(book, claim),
      planOf: (claim) => planOf(bookOfClaim(book, claim), purpose, definition),
      expiryOf: (claim) => bookExpiry(bookOfClaim(book, claim)),
      claimExpiry,
      isOver: (claim) => bookExpiry(bookOfClaim(book, claim)) * 1000 <= now(),
      keepPagesMs: keptMs,
    });
    return fromCounted(book, counted);
  }

  function fromCounted(book: BookKey, counted: Counted<'too_many_shifts'>): Issue | Refusal {
    // A fact is of a counter that was of another kind when the token was used.
    if (counted.outcome === 'reused' || counted.outcome === 'fact') {
      return refuse('idempotency_key_reused', 'This Idempotency-Key was used for another change.');
    }
    const { day } = bookOfClaim(book, counted.claim);
    if (counted.outcome !== 'over') return asIssue(day, counted);
    return refuse(
      'idempotency_key_expired',
      `This Idempotency-Key is of ${day}, which is not kept any more.`,
    );
  }

  async function readBook(
    { definition }: NamedCounter<TicketDefinition>,
    book: BookKey,
    options: { consistent: boolean },
  ): Promise<BookAnswer> {
    const { number, cell } = await store.read(book, options);
    const last = number === undefined ? undefined : unpackPosition(Number(number));
    const { updatedAtMs } = cell;
    return {
      ok: true,
      number: last && last.number >= definition.startsAt ? last.number : null,
      day: book.day,
      shift: last?.shift ?? 1,
      updatedAtMs,
    };
  }

  return {
    /**
     * Draws the next number.
     *
     * @param token the caller's idempotency key: the same one always gets the same number
     * @throws OutcomeUnknownError, StoreUnavailableError
     */
    draw(
      counter: NamedCounter<TicketDefinition>,
      token: Token | undefined,
    ): Promise<Issue | Refusal> {
      return issue(counter, 'ticket', token);
    },

    /** Starts a new shift, whose first ticket has the first number again. @throws as `draw` */
    async reset(
      counter: NamedCounter<TicketDefinition>,
      token: Token | undefined,
    ): Promise<ResetAnswer | Refusal> {
      const answer = await issue(counter, 'reset', token);
      if (!answer.ok) return answer;
      const { day, shift, replayed, updatedAtMs } = answer;
      if (!replayed) return { ok: true, number: null, day, shift, updatedAtMs, replayed };
      const { subject, counter: name } = counter;
      const book = { subject, counter: name, day };
      return { ...(await readBook(counter, book, { consistent: true })), replayed };
    },

    /** The last number of the day's book. @throws StoreUnavailableError */
    async read(
      counter: NamedCounter<TicketDefinition>,
      options: { consistent: boolean },
    ): Promise<BookAnswer> {
      return readBook(counter, await bookOf(counter), options);
    },
  };
}

function asIssue(day: string, entered: Entered<'too_many_shifts'>): Issue | Refusal {
  switch (entered.outcome) {
    case 'entered':
    case 'replayed': {
      const { updatedAtMs } = entered.register.cell;
      const replayed = entered.outcome === 'replayed';
      return { ok: true, ...unpackPosition(entered.got), day, updatedAtMs, replayed };
    }
    case 'refused':
      return refuse('out_of_bounds', `A day has at most ${limits.shifts} shifts.`);
    case 'contended':
    case 'outdated':
      return refuse('contended', 'The book was busy for too long; no number was issued.');
  }
}

/** Epoch seconds. */
function bookExpiry({ subject, counter, day }: BookKey): number {
  const keepDays = { ...limits.keepDays, day: limits.keepBookDays };
  const jitter = expiryJitter(`${subject}#${counter}`);
  return windowExpiry({ window: day, keepDays, jitter }) ?? 0;
}
