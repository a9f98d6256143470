import * as v from 'valibot';
import {
  changeBody,
  emptyBody,
  historyQuery,
  readQuery,
} from '../functions/http/schemas/counter-requests.ts';
import { kindAnswers } from '../functions/http/schemas/kind-answers.ts';
import {
  bookAnswer,
  historyAnswer,
  rangeAnswer,
  unionAnswer,
} from '../functions/http/schemas/read-answers.ts';
import { changeAnswer } from '../functions/http/schemas/write-answers.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, countForReaders, type OperationDocs, text, updatedAt } from './operation-doc.ts';

export const counterDocs = {
  readCounter: {
    tag: 'Counters',
    summary: 'Read a counter',
    description:
      'A counter that was never changed reads 0. A reaction also has `choices`, and a unique its `standard_error`. A ticket counter shows its last number, and a limit what could be taken. With `from` and `to`, or `last`, a count is the sum and a unique the union of that range; other kinds have no range. A browser that asks for no `window` gets a small page instead of JSON.',
    query: readQuery,
    answers: {
      200: {
        description: 'The count.',
        content: {
          'application/json': content(v.union([...kindAnswers, rangeAnswer, unionAnswer]), {
            count: 811,
            version: 903,
            updated_at: updatedAt,
          }),
          'text/html': text,
        },
      },
    },
    problems: [
      'invalid_window',
      'invalid_range',
      'range_too_large',
      'invalid_consistent',
      'count_too_large',
      'unavailable',
    ],
  },
  changeCounter: {
    tag: 'Counters',
    summary: 'Increment, decrement or set a counter',
    description: `Counts exactly once per \`Idempotency-Key\`, however often the request is sent. Without one, Tally never counts a request twice, but after a 503 \`outcome_unknown\` nobody knows whether it was counted, and a client that repeats a PUT by itself makes it two. So send a random key, or use POST, which means the same and which HTTP clients do not repeat. A counter that takes no API key for writing takes 1 more a change, unless its definition says so. A \`set\` adds the difference to what the count is at the moment, so concurrent increments survive it. ${countForReaders}`,
    requestHeaders: ['Idempotency-Key', 'Prefer'],
    body: content(changeBody, { action: 'increment', amount: 1 }),
    answers: {
      200: {
        description: 'The change is accepted. The count includes it.',
        headers: ['Idempotency-Replayed'],
        content: {
          'application/json': content(changeAnswer, {
            count: 812,
            version: 904,
            updated_at: updatedAt,
            pending: false,
          }),
        },
      },
      204: {
        description:
          'The change is accepted. Its count was not wanted (`Prefer: return=minimal`), or is not available.',
        headers: ['Idempotency-Replayed', 'Preference-Applied'],
      },
    },
    problems: [
      'wrong_kind',
      'invalid_action',
      'invalid_amount',
      'amount_too_large',
      'decrement_not_allowed',
      'out_of_bounds',
      'not_bounded',
      'not_single_cell',
      'count_mismatch',
      'bounds_settling',
      'contended',
      'count_too_large',
      'outcome_unknown',
      'unavailable',
    ],
  },
  readHistory: {
    tag: 'Counters',
    summary: 'Read the history of a counter, window by window',
    description: `One row for each window from \`from\` to \`to\`, both included, at most ${limits.historyRows} rows. Days, hours and minutes are those of the subject's own clock, so the hours of a day add up to the day; a day that begins at 05:30 has a short first and last hour. A window without changes has the count 0; one that is not kept any more has \`null\`.`,
    query: historyQuery,
    answers: {
      200: {
        description: 'The rows.',
        content: {
          'application/json': content(historyAnswer, {
            window: 'day',
            from: '2026-11-20',
            to: '2026-11-21',
            starts_at: '2026-11-20T04:00:00+01:00',
            ends_at: '2026-11-22T04:00:00+01:00',
            kept_from: '2025-10-15',
            rows: [
              {
                window: '2026-11-20',
                starts_at: '2026-11-20T04:00:00+01:00',
                count: 512,
                open: false,
              },
              {
                window: '2026-11-21',
                starts_at: '2026-11-21T04:00:00+01:00',
                count: 299,
                open: true,
              },
            ],
          }),
        },
      },
    },
    problems: [
      'wrong_kind',
      'invalid_window',
      'invalid_range',
      'range_too_large',
      'count_too_large',
      'unavailable',
    ],
  },
  resetCounter: {
    tag: 'Counters',
    summary: 'Reset a counter',
    description: `The window that a count shows goes back to 0, and changes that arrive in the meantime survive. Its other windows keep what was counted in them; \`scope\` says which. A ticket counter starts a new shift with its first number. The same \`Idempotency-Key\` resets once. ${countForReaders}`,
    requestHeaders: ['Idempotency-Key'],
    body: content(emptyBody, {}),
    answers: {
      200: {
        description: 'The counter after the reset: a count, or a book of tickets.',
        headers: ['Idempotency-Replayed'],
        content: {
          'application/json': content(v.union([changeAnswer, bookAnswer]), {
            count: 0,
            version: 905,
            updated_at: updatedAt,
            pending: false,
            scope: { window: 'all', unchanged: ['day', 'hour'] },
          }),
        },
      },
      204: {
        description: 'The counter is reset. Its count is not available.',
        headers: ['Idempotency-Replayed'],
      },
    },
    problems: [
      'wrong_kind',
      'out_of_bounds',
      'bounds_settling',
      'contended',
      'outcome_unknown',
      'unavailable',
    ],
  },
} satisfies OperationDocs;
