/**
 * The ticket kind: sequential numbers for each subject and business day, such as order numbers. No
 * gaps, no duplicates, and a token always gets the same number.
 */

import { windowKeyAt } from '../rules/windows.ts';
import type { BookKey, Fingerprint, TicketStore } from '../store/ticket-store.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { TicketDefinition } from './define-counters.ts';
import type { NamedCounter } from './named-counter.ts';
import type { Refusal } from './refusals.ts';
import {
  createTicketBooks,
  type Issue,
  type IssueRequest,
  ticketLifetimeMs,
} from './ticket-book.ts';
import { refuseByAge } from './token-age.ts';

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

export function createTickets({
  calendars,
  ...context
}: {
  store: TicketStore;
  calendars: Calendars;
} & Pick<CounterContext, 'now' | 'random' | 'newToken' | 'pause'>) {
  const { store, now } = context;
  const books = createTicketBooks(context);

  const nameOf = ({ subject, counter }: NamedCounter<TicketDefinition>) => ({ subject, counter });

  async function bookOf({ subject, counter }: NamedCounter<TicketDefinition>): Promise<BookKey> {
    const calendar = await calendars.of(subject);
    return { subject, counter, day: windowKeyAt('day', now(), calendar) };
  }

  async function issue(
    counter: NamedCounter<TicketDefinition>,
    fingerprint: Fingerprint,
    token: string | undefined,
  ): Promise<Issue | Refusal> {
    const refusedToken = token && refuseByAge(token, now(), ticketLifetimeMs);
    if (refusedToken) return refusedToken;
    const { startsAt: firstNumber, gaps } = counter.definition;
    const request: IssueRequest = { book: await bookOf(counter), fingerprint, firstNumber, token };
    const withGaps = fingerprint === 'ticket' && gaps === 'allowed';
    return withGaps ? books.issueWithGaps(request) : books.issue(request);
  }

  async function readBook(
    { definition }: NamedCounter<TicketDefinition>,
    book: BookKey,
    options: { consistent: boolean },
  ): Promise<BookAnswer> {
    const state = await store.readBook(book, options);
    const issued = state && state.number >= definition.startsAt;
    return {
      ok: true,
      number: issued ? state.number : null,
      day: book.day,
      shift: state?.shift ?? 1,
      updatedAtMs: state?.updatedAtMs ?? null,
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
      token: string | undefined,
    ): Promise<Issue | Refusal> {
      return issue(counter, 'ticket', token);
    },

    /** Starts a new shift, whose first ticket has the first number again. @throws as `draw` */
    async reset(
      counter: NamedCounter<TicketDefinition>,
      token: string | undefined,
    ): Promise<ResetAnswer | Refusal> {
      const answer = await issue(counter, 'reset', token);
      if (!answer.ok) return answer;
      const { day, shift, replayed, issuedAtMs: updatedAtMs = null } = answer;
      if (!replayed) return { ok: true, number: null, day, shift, updatedAtMs, replayed };
      const book = await readBook(counter, { ...nameOf(counter), day }, { consistent: true });
      return { ...book, replayed };
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
