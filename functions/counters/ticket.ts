/**
 * The ticket kind: sequential numbers for each subject and business day, such as order numbers.
 *
 * A number and the token it was given for are written in one transaction, on the condition that the
 * book still stands where it was believed to. So there are no gaps and no duplicates, and a token
 * always gets the same number. A wrong belief costs one more round trip, and no read: the failed
 * condition says where the book stands.
 */
import { LRUCache } from 'lru-cache';
import pLimit, { type LimitFunction } from 'p-limit';
import { retryPauseMs } from '../rules/backoff.ts';
import { limits } from '../rules/limits.ts';
import { tokenExpiry } from '../rules/tokens.ts';
import { windowExpiry, windowKeyAt } from '../rules/windows.ts';
import { OutcomeUnknownError } from '../store/counter-store.ts';
import type { BookKey, BookState, Issue, IssueRequest } from '../store/ticket-store.ts';
import type { Calendars } from './calendars.ts';
import type { CounterContext } from './counter-context.ts';
import type { TicketDefinition } from './define-counters.ts';
import { type Refusal, refuse } from './refusals.ts';
import { refuseByAge } from './token-age.ts';

export interface TicketOf {
  readonly subject: string;
  readonly counter: string;
  readonly definition: TicketDefinition;
}

export interface TicketAnswer {
  readonly ok: true;
  readonly number: number;
  readonly day: string;
  readonly shift: number;
  /** Epoch ms; undefined if that was earlier. */
  readonly issuedAtMs?: number;
  /** The token was seen before: this number had been given to it earlier. */
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

export function createTickets({
  context,
  calendars,
}: {
  context: CounterContext;
  calendars: Calendars;
}) {
  const { ticketStore: store, now, random } = context;
  /** Tokens are remembered as long as their books: a number keeps its token while it means something. */
  const lifetimeMs = limits.keepBookDays * 86_400_000;
  /** Where books were last seen to stand. */
  const believed = new LRUCache<string, BookState>({ max: limits.rememberedCounters });
  /** One after the other within this process: two at once would only make each other fail. */
  const queues = new LRUCache<string, LimitFunction>({ max: limits.rememberedCounters });

  async function bookOf({ subject, counter }: TicketOf): Promise<BookKey> {
    const calendar = await calendars.of(subject);
    return { subject, counter, day: windowKeyAt('day', now(), calendar) };
  }

  function request(book: BookKey, token: string, issue: Omit<Issue, 'day'>): IssueRequest {
    const { day } = book;
    const keepDays = { ...limits.keepDays, day: limits.keepBookDays };
    const bookExpiresAt = windowExpiry({ window: day, keepDays, jitter: random() }) ?? 0;
    return {
      book,
      token,
      issue: { ...issue, day },
      nowMs: now(),
      bookExpiresAt,
      tokenExpiresAt: Math.max(bookExpiresAt, tokenExpiry(token, now(), lifetimeMs)),
    };
  }

  /**
   * Moves a book on by one issue.
   *
   * @param next what to issue, from where the book stands (undefined: not begun)
   */
  async function advance(
    book: BookKey,
    token: string,
    next: (state: BookState | undefined) => Omit<Issue, 'day'>,
  ): Promise<TicketAnswer | Refusal> {
    // Waiting behind others in this process counts.
    const deadlineMs = now() + limits.ticketMs;
    return queueOf(book)(async () => {
      const name = `${book.subject}#${book.counter}#${book.day}`;
      let conflicts = 0;
      let unsure = false;
      while (now() < deadlineMs) {
        const from = believed.get(name);
        const asked = request(book, token, next(from));
        const result = await store.issue(asked, from);
        if (result.outcome === 'issued') {
          believed.set(name, { ...asked.issue, updatedAtMs: asked.nowMs });
          return { ok: true, ...asked.issue, issuedAtMs: asked.nowMs, replayed: false };
        }
        if (result.outcome === 'seen') return replay(result.issue, asked.issue.fingerprint);
        if (result.outcome === 'contended') {
          unsure ||= result.unsure;
          await context.pause(retryPauseMs(conflicts++, random()));
        } else if (result.state) {
          believed.set(name, result.state);
        } else {
          believed.delete(name);
        }
      }
      if (unsure) throw new OutcomeUnknownError('a reply was lost, and then the book was busy');
      return refuse('contended', 'The book was busy for too long; no number was issued.');
    });
  }

  function queueOf({ subject, counter }: BookKey): LimitFunction {
    const name = `${subject}#${counter}`;
    const queue = queues.get(name) ?? pLimit(1);
    queues.set(name, queue);
    return queue;
  }

  /** Number first, token second: an answer that is lost in between leaves a gap, as configured. */
  async function issueFast(
    book: BookKey,
    token: string,
    firstNumber: number,
  ): Promise<TicketAnswer | Refusal> {
    const nowMs = now();
    const { bookExpiresAt } = request(book, token, { fingerprint: 'ticket', number: 0, shift: 0 });
    const taken = await store.takeNumber(book, { firstNumber, nowMs, expiresAt: bookExpiresAt });
    const asked = request(book, token, { fingerprint: 'ticket', ...taken });
    const result = await store.rememberIssue(asked);
    if (result.outcome === 'issued') return { ok: true, ...asked.issue, replayed: false };
    if (result.outcome === 'seen') return replay(result.issue, 'ticket');
    return refuse('contended', 'The number could not be given to this key; send it again.');
  }

  return {
    /**
     * Draws the next number.
     *
     * @param token the caller's idempotency key: the same one always gets the same number
     * @throws OutcomeUnknownError, StoreUnavailableError
     */
    async draw(of: TicketOf, token: string | undefined): Promise<TicketAnswer | Refusal> {
      const refusedToken = token && refuseByAge(token, now(), lifetimeMs);
      if (refusedToken) return refusedToken;
      const book = await bookOf(of);
      const { startsAt, gaps } = of.definition;
      if (gaps === 'allowed') return issueFast(book, token ?? context.newToken(), startsAt);
      return advance(book, token ?? context.newToken(), (state) => ({
        fingerprint: 'ticket',
        number: (state?.number ?? startsAt - 1) + 1,
        shift: state?.shift ?? 1,
      }));
    },

    /** Starts a new shift, whose first ticket has the first number again. */
    async reset(of: TicketOf, token: string | undefined): Promise<ResetAnswer | Refusal> {
      const refusedToken = token && refuseByAge(token, now(), lifetimeMs);
      if (refusedToken) return refusedToken;
      const book = await bookOf(of);
      const answer = await advance(book, token ?? context.newToken(), (state) => ({
        fingerprint: 'reset',
        number: of.definition.startsAt - 1,
        shift: (state?.shift ?? 1) + 1,
      }));
      if (!answer.ok) return answer;
      if (answer.replayed)
        return { ...(await this.read(of, { consistent: true })), replayed: true };
      const { day, shift, issuedAtMs: updatedAtMs = null } = answer;
      return { ok: true, number: null, day, shift, updatedAtMs, replayed: false };
    },

    /** The last number of the day's book. @throws StoreUnavailableError */
    async read(of: TicketOf, options: { consistent: boolean }): Promise<BookAnswer> {
      const book = await bookOf(of);
      const state = await store.readBook(book, options);
      const issued = state && state.number >= of.definition.startsAt;
      return {
        ok: true,
        number: issued ? state.number : null,
        day: book.day,
        shift: state?.shift ?? 1,
        updatedAtMs: state?.updatedAtMs ?? null,
      };
    },
  };
}

function replay(issue: Issue, fingerprint: Issue['fingerprint']): TicketAnswer | Refusal {
  if (issue.fingerprint === fingerprint) return { ok: true, ...issue, replayed: true };
  return refuse('token_reused', 'This Idempotency-Key was used for another change.');
}
