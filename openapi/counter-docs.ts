/** What people are told of the operations on counters and tickets. */
import * as v from 'valibot';
import {
  batchAnswer,
  batchBody,
  bookAnswer,
  changeAnswer,
  changeBody,
  counterAnswer,
  emptyBody,
  historyAnswer,
  historyQuery,
  liveAnswer,
  reactionCounts,
  readQuery,
  ticketAnswer,
  uniqueAnswer,
} from '../functions/http/schemas.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, type OperationDocs, text, toldToReaders, updatedAt } from './operation-doc.ts';

export const counterDocs = {
  readCounter: {
    tag: 'Counters',
    summary: 'Read a counter',
    description:
      'A counter that was never changed reads 0. A reaction also has `choices`, a unique its `standard_error`; tickets show their last number. A browser that asks for no `window` gets a small page instead of JSON.',
    query: readQuery,
    answers: {
      200: {
        description: 'The count.',
        content: {
          'application/json': content(
            v.union([counterAnswer, reactionCounts, uniqueAnswer, bookAnswer]),
            { count: 811, updated_at: updatedAt },
          ),
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
    summary: 'Increment or decrement a counter',
    description: `Counts exactly once per \`Idempotency-Key\`, however often the request is sent. Without a key the change is never counted twice either, but after a 503 \`outcome_unknown\` nobody knows whether it was counted. ${toldToReaders}`,
    requestHeaders: ['Idempotency-Key', 'Prefer'],
    body: content(changeBody, { action: 'increment', amount: 1 }),
    answers: {
      200: {
        description: 'The change is accepted; the count with it.',
        headers: ['Idempotency-Replayed'],
        content: {
          'application/json': content(changeAnswer, {
            count: 812,
            updated_at: updatedAt,
            pending: false,
          }),
        },
      },
      204: {
        description:
          'The change is accepted; its count was not asked for (`Prefer: return=minimal`), or cannot be told.',
        headers: ['Idempotency-Replayed', 'Preference-Applied'],
      },
    },
    problems: [
      'wrong_kind',
      'invalid_action',
      'invalid_amount',
      'out_of_bounds',
      'contended',
      'count_too_large',
      'outcome_unknown',
      'unavailable',
    ],
  },
  readHistory: {
    tag: 'Counters',
    summary: 'Read what a counter was, window by window',
    description: `One row for each window from \`from\` to \`to\`, both included; one in which nothing happened is 0. At most ${limits.historyRows} rows.`,
    query: historyQuery,
    answers: {
      200: {
        description: 'The rows.',
        content: {
          'application/json': content(historyAnswer, {
            window: 'day',
            rows: [
              { window: '2026-11-20', count: 512, open: false },
              { window: '2026-11-21', count: 299, open: true },
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
    summary: 'Start a counter again',
    description: `A count goes back to 0; changes that arrive meanwhile survive. Tickets start a new shift, with the first number. The same \`Idempotency-Key\` resets once. ${toldToReaders}`,
    requestHeaders: ['Idempotency-Key'],
    body: content(emptyBody, {}),
    answers: {
      200: {
        description: 'The counter as it is now: a count, or a book of tickets.',
        headers: ['Idempotency-Replayed'],
        content: {
          'application/json': content(v.union([changeAnswer, bookAnswer]), {
            count: 0,
            updated_at: updatedAt,
            pending: false,
          }),
        },
      },
      204: {
        description: 'The counter is reset; what it is now cannot be told.',
        headers: ['Idempotency-Replayed'],
      },
    },
    problems: ['wrong_kind', 'out_of_bounds', 'contended', 'outcome_unknown', 'unavailable'],
  },
  drawTicket: {
    tag: 'Tickets',
    summary: 'Draw the next number',
    description:
      'Numbers follow each other without gaps or duplicates, and start again with each business day of the subject. The same `Idempotency-Key` always gets the same number. When the answer is an error, no number was given out; after `outcome_unknown`, send the same key again.',
    requestHeaders: ['Idempotency-Key'],
    body: content(emptyBody, {}),
    answers: {
      201: {
        description: 'The number.',
        headers: ['Idempotency-Replayed'],
        content: {
          'application/json': content(ticketAnswer, { number: 17, day: '2026-11-21', shift: 1 }),
        },
      },
    },
    problems: ['wrong_kind', 'contended', 'outcome_unknown', 'unavailable'],
  },
  runBatch: {
    tag: 'Counters',
    summary: 'Read and change many counters at once',
    description: `Up to ${limits.batchItems} items, each with its own result: one that fails does not fail the others. They are done all at once, in no order. Counters of every kind can be read, counts be changed. ${toldToReaders}`,
    requestHeaders: ['Prefer'],
    body: content(batchBody, {
      items: [
        { subject: 'post-42', counter: 'likes', action: 'read' },
        { subject: 'post-42', counter: 'reactions', action: 'read' },
        { subject: 'post-42', counter: 'views', action: 'increment', idempotency_key: 'a-uuid' },
      ],
    }),
    answers: {
      200: {
        description: 'A result for each item; some may be problems.',
        content: {
          'application/json': content(batchAnswer, {
            results: [
              { status: 200, count: 811, updated_at: updatedAt },
              { status: 200, count: 3, choices: { like: 1, love: 2 }, updated_at: updatedAt },
              { status: 200, count: 5120, updated_at: updatedAt, pending: true },
            ],
          }),
        },
      },
    },
    problems: ['invalid_items', 'too_many_items', 'invalid_idempotency_key'],
  },
  findLiveUpdates: {
    tag: 'Counters',
    summary: 'Ask where to listen to a counter',
    description:
      'The protocol is that of AWS AppSync Events. Every message is `{ subject, counter, count, updated_at }`, of a reaction also with `choices`. Only counters that somebody asked for here publish, so ask again in time. Viewers that fall silent make no message: who shows how many are here reads the counter again every `awayAfterSeconds` or so.',
    answers: {
      200: {
        description: 'Where to listen.',
        content: {
          'application/json': content(liveAnswer, {
            realtime: 'wss://events.example.com/event/realtime',
            http: 'https://events.example.com/event',
            api_key: 'da2-example',
            channel: '/counters/3f0c9d1e5b7a48628c4d6e0f1a2b3c4d',
            renew_after_seconds: limits.renewWatchAfterSeconds,
          }),
        },
      },
    },
    problems: ['wrong_kind', 'unavailable'],
  },
} satisfies OperationDocs;
