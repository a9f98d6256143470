/**
 * Books of tickets: how a token gets a number, exactly once.
 *
 * A token is first claimed for a book, and then the book gives it the next number and remembers that
 * by itself: two writes, each to one item, so that two draws never make each other fail; after a reset or two page
 * turns a writer tries again. The claim names
 * the page that the book was at when nobody had used the token yet, so an earlier number can only be
 * on that page or behind it. The book takes an entry only while it holds all of those pages; a
 * later request looks through the pages that have left it, which never change again, and then tries
 * again from there.
 */
import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import { retryPauseMs } from '../rules/backoff.ts';
import { isPageDue, type Position } from '../rules/book-pages.ts';
import { limits } from '../rules/limits.ts';
import { tokenExpiry } from '../rules/tokens.ts';
import { windowExpiry } from '../rules/windows.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store-errors.ts';
import type {
  Book,
  BookKey,
  Claim,
  ClaimOutcome,
  Fingerprint,
  TicketStore,
} from '../store/ticket-store.ts';
import type { CounterContext } from './counter-context.ts';
import { type Refusal, refuse } from './refusals.ts';

export interface IssueRequest {
  readonly book: BookKey;
  readonly fingerprint: Fingerprint;
  /** The first number of a shift. */
  readonly firstNumber: number;
  /** The caller's idempotency key. Without one, nobody will ask for the number again. */
  readonly token: string | undefined;
}

/** What is to be entered under a token, known by now. */
interface EntryPlan extends IssueRequest {
  readonly token: string;
  /** Whether this very call claimed the token, so that no earlier request can have entered it. */
  readonly isNew: boolean;
}

/** A number that was given out, or a reset: what a token stands for. */
export interface Issue extends Position {
  readonly ok: true;
  readonly day: string;
  /** Epoch ms; undefined if that was earlier. */
  readonly issuedAtMs?: number;
  /** The token had got this earlier. */
  readonly replayed: boolean;
}

/** Where a book stands. */
type Place = Pick<Book, 'page' | 'shift'>;

/** Tokens are remembered as long as their books: a number keeps its token while it means something. */
export const ticketLifetimeMs = limits.keepBookDays * 86_400_000;

export function createTicketBooks({
  store,
  now,
  random,
  newToken,
  pause,
}: { store: TicketStore } & Pick<CounterContext, 'now' | 'random' | 'newToken' | 'pause'>) {
  /** Where books were last seen to stand. */
  const believed = new LRUCache<string, Place>({ max: limits.rememberedCounters });
  const nameOf = ({ subject, counter, day }: BookKey) => `${subject}#${counter}#${day}`;

  function learn(book: BookKey, { page, shift }: Place): Place {
    believed.set(nameOf(book), { page, shift });
    return { page, shift };
  }

  async function placeOf(book: BookKey): Promise<Place> {
    const known = believed.get(nameOf(book));
    if (known) return known;
    return learn(book, (await store.readBook(book, { consistent: true })) ?? { page: 0, shift: 1 });
  }

  async function claim(
    { book, token }: { book: BookKey; token: string },
    what: Omit<Claim, 'day'>,
    deadlineMs: number,
  ): Promise<ClaimOutcome> {
    // Longer than the book: when it is forgotten, there must be nothing left that it could forget.
    const expiresAt = Math.max(bookExpiry(book, 1), tokenExpiry(token, now(), ticketLifetimeMs));
    for (let failed = 0; ; failed++) {
      const result = await store.claim({
        book,
        token,
        claim: { ...what, day: book.day },
        expiresAt,
      });
      if (result.outcome !== 'contended') return result;
      await pause(retryPauseMs(failed, random()));
      if (now() >= deadlineMs) return result;
    }
  }

  /** Gives the token what it was claimed for, unless it has got that. */
  async function goOn(
    request: IssueRequest & { readonly token: string },
    { fingerprint, day, fromPage, position }: Claim,
    deadlineMs: number,
  ): Promise<Issue | Refusal> {
    if (fingerprint !== request.fingerprint) {
      return refuse('idempotency_key_reused', 'This Idempotency-Key was used for another change.');
    }
    if (position) return { ok: true, ...position, day, replayed: true };
    const book = { ...request.book, day };
    if (bookExpiry(book, 0) * 1000 <= now()) {
      return refuse(
        'idempotency_key_expired',
        `This Idempotency-Key is of ${day}, which is not kept any more.`,
      );
    }
    return enter({ ...request, book, isNew: false }, fromPage, deadlineMs);
  }

  /**
   * Tries until the book takes it or the deadline has come.
   *
   * @param fromPage the token has no entry in the pages before it
   */
  async function enter(
    request: EntryPlan,
    fromPage: number,
    deadlineMs: number,
  ): Promise<Issue | Refusal> {
    const { book, isNew } = request;
    const expiresAt = bookExpiry(book, random());
    let place: Place = { page: fromPage, shift: believed.get(nameOf(book))?.shift ?? 1 };
    let failed = 0;
    let unknown = false;
    try {
      while (now() < deadlineMs) {
        const { page, shift } = place;
        const nowMs = now();
        const asked = { ...request, shift, fromPage: page, nowMs, expiresAt };
        const result = await store.enter(asked);
        if (result.outcome === 'contended') {
          unknown ||= result.unknown;
          await pause(retryPauseMs(failed++, random()));
          continue;
        }
        learn(book, result.book);
        if (result.outcome === 'entered') return await entered(book, result.book, nowMs);
        const earlier = result.earlier ?? (await findBehind(request, page, result.book));
        // A reply was lost, and the number that it brought is this request's own.
        const own = isNew && unknown ? { issuedAtMs: nowMs, replayed: false } : { replayed: true };
        if (earlier) return { ok: true, ...earlier, day: book.day, ...own };
        place = result.book;
      }
    } catch (error) {
      // It says that nothing was written by the last try; those before it may have been.
      if (unknown && error instanceof StoreUnavailableError) throw unknownOutcome(error);
      throw error;
    }
    if (unknown) throw unknownOutcome();
    return refuseContended();
  }

  async function entered(book: BookKey, after: Book, issuedAtMs: number): Promise<Issue> {
    await turnPageIfDue(book, after);
    const { number, shift } = after;
    return { ok: true, number, shift, day: book.day, issuedAtMs, replayed: false };
  }

  /** What the token got on pages that have left the book since it was at this one. */
  async function findBehind(
    { book, token }: { book: BookKey; token: string },
    page: number,
    seen: Book,
  ): Promise<Position | undefined> {
    const earlier = await store.findInPages(book, token, { from: page, to: seen.page - 2 });
    // A full page takes nothing more; the writer that should have turned it could not.
    const isFull = seen.entryCount >= limits.bookPage.entriesMax;
    if (!earlier && isFull) await store.turnPage(book, seen, now());
    return earlier;
  }

  async function turnPageIfDue(book: BookKey, seen: Book): Promise<void> {
    const ageMs = now() - seen.pageBegunAtMs;
    if (!isPageDue({ entryCount: seen.entryCount, ageMs })) return;
    try {
      await store.turnPage(book, seen, now());
      learn(book, { ...seen, page: seen.page + 1 });
    } catch (error) {
      // The number is given, whether the page is turned or not; the next one who is due will.
      if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError) return;
      throw error;
    }
  }

  return {
    /**
     * Gives a token the next number, or the next shift.
     *
     * @throws OutcomeUnknownError, StoreUnavailableError
     */
    async issue(request: IssueRequest): Promise<Issue | Refusal> {
      const deadlineMs = now() + limits.ticketMs;
      const { book, fingerprint, token } = request;
      const { page: fromPage } = await placeOf(book);
      if (token === undefined) {
        return enter({ ...request, token: newToken(), isNew: true }, fromPage, deadlineMs);
      }
      const named = { ...request, token };
      const claimed = await claim(named, { fingerprint, fromPage }, deadlineMs);
      if (claimed.outcome === 'contended') return refuseContended();
      if (claimed.outcome === 'seen') return goOn(named, claimed.claim, deadlineMs);
      return enter({ ...named, isNew: true }, fromPage, deadlineMs);
    },

    /**
     * Takes the next number and gives it to the token then: an answer that is lost in between leaves
     * a number that nobody has.
     *
     * @throws OutcomeUnknownError, StoreUnavailableError
     */
    async issueWithGaps(request: IssueRequest): Promise<Issue | Refusal> {
      const deadlineMs = now() + limits.ticketMs;
      const { book, firstNumber, fingerprint, token } = request;
      const expiresAt = bookExpiry(book, random());
      const taken = await store.takeNumber(book, { firstNumber, nowMs: now(), expiresAt });
      const position = { number: taken.number, shift: taken.shift };
      const issue: Issue = { ok: true, ...position, day: book.day, replayed: false };
      if (token === undefined) return issue;
      const named = { ...request, token };
      const claimed = await claim(named, { fingerprint, fromPage: 0, position }, deadlineMs);
      if (claimed.outcome === 'contended') {
        return refuse(
          'contended',
          'The number could not be given to this Idempotency-Key; send the request again.',
        );
      }
      if (claimed.outcome === 'claimed') return issue;
      // No other request took this number of the day: the claim is this request's own, its reply was lost.
      const { claim: found } = claimed;
      if (found.day === book.day && isDeepStrictEqual(found.position, position)) return issue;
      return goOn(named, found, deadlineMs);
    },
  };
}

/**
 * @param jitter in [0, 1]: how much later than needed
 * @returns epoch seconds
 */
function bookExpiry({ day }: BookKey, jitter: number): number {
  const keepDays = { ...limits.keepDays, day: limits.keepBookDays };
  return windowExpiry({ window: day, keepDays, jitter }) ?? 0;
}

const unknownOutcome = (cause?: unknown): OutcomeUnknownError =>
  new OutcomeUnknownError('a reply was lost, and then the book could not be written', { cause });

const refuseContended = (): Refusal =>
  refuse('contended', 'The book was busy for too long; no number was issued.');
