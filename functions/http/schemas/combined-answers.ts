/** Answers that hold those of several counters, with a problem in the place of what failed. */
import * as v from 'valibot';
import { kindAnswers } from './kind-answers.ts';
import { problemDocument } from './problem-document.ts';
import {
  bookAnswer,
  counterAnswer,
  limitAnswer,
  reactionCounts,
  uniqueAnswer,
} from './read-answers.ts';
import { count, nextCursor } from './schema-parts.ts';
import { changeAnswer } from './write-answers.ts';

export const unreadAnswer = v.object({
  count: v.pipe(
    v.nullable(count),
    v.description(
      'The sum of what is unread, without the counters that have a problem. Null if JSON cannot carry it exactly.',
    ),
  ),
  subscriptions: v.pipe(
    v.array(
      v.union([
        v.object({ subject: v.string(), counter: v.string(), count }),
        v.intersect([v.object({ subject: v.string(), counter: v.string() }), problemDocument]),
      ]),
    ),
    v.description(
      'A counter whose unread count cannot be told has its problem, such as `count_too_large`.',
    ),
  ),
  next_cursor: nextCursor,
});

export const subjectAnswer = v.object({
  subject: v.string(),
  counters: v.pipe(
    v.record(v.string(), v.union([...kindAnswers, problemDocument])),
    v.description(
      'By name, what a GET of the counter alone would answer. A counter without an answer has its problem, with a `status` and a `code`.',
    ),
  ),
});

const ok = v.literal(200);

const replayed = v.optional(
  v.pipe(v.literal(true), v.description('As the header `Idempotency-Replayed`.')),
);

export const batchResult = v.union([
  v.object({ status: ok, ...counterAnswer.entries }),
  v.object({ status: ok, ...reactionCounts.entries }),
  v.object({ status: ok, ...uniqueAnswer.entries }),
  v.object({ status: ok, ...bookAnswer.entries }),
  v.object({ status: ok, ...limitAnswer.entries }),
  v.object({ status: ok, ...changeAnswer.entries, replayed }),
  v.object({ status: v.literal(204), replayed }),
  v.object({
    ...problemDocument.entries,
    retry_after_seconds: v.optional(
      v.pipe(v.number(), v.integer(), v.description('As the header `Retry-After`.')),
    ),
  }),
]);

export const batchAnswer = v.object({
  results: v.pipe(
    v.array(batchResult),
    v.description(
      'In the order of the items. Each has the `status` and the members that its item would have got alone.',
    ),
  ),
});
