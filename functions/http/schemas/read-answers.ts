/** What a read of a counter, or of a range of its windows, answers. */
import * as v from 'valibot';
import {
  choices,
  clockTime,
  count,
  day,
  excludesPending,
  maybeCount,
  rangeEnds,
  shift,
  shownWindow,
  standardError,
  updatedAt,
  version,
} from './schema-parts.ts';

/** The sum of a range of windows. */
export const rangeAnswer = v.object({
  count: maybeCount,
  ...rangeEnds,
  excludes_pending: excludesPending,
});

export const counterAnswer = v.object({
  count,
  window: shownWindow,
  version,
  updated_at: updatedAt,
  excludes_pending: excludesPending,
});

export const reactionCounts = v.object({
  count,
  choices,
  version,
  updated_at: updatedAt,
  excludes_pending: excludesPending,
});

export const uniqueAnswer = v.object({
  count: v.pipe(count, v.description('The estimated number of different members.')),
  standard_error: standardError,
  window: shownWindow,
});

/** The union of a range of windows. */
export const unionAnswer = v.object({
  count: maybeCount,
  standard_error: standardError,
  ...rangeEnds,
});

export const historyAnswer = v.object({
  window: v.picklist(['day', 'hour', 'minute']),
  ...rangeEnds,
  rows: v.pipe(
    v.array(
      v.object({
        window: v.pipe(
          v.string(),
          v.description(
            'A day, `2026-11-21`; or an hour or a minute by when it begins in UTC: `2026-11-21T09Z` or `2026-11-21T09h30Z`, `2026-11-21T09:30Z`.',
          ),
        ),
        starts_at: v.pipe(clockTime, v.description("When it begins, by the subject's clock.")),
        count: maybeCount,
        open: v.pipe(
          v.boolean(),
          v.description('True for the current window, whose count may still change.'),
        ),
      }),
    ),
    v.description('Oldest first, without gaps. The hours of a day add up to the day.'),
  ),
});

export const bookAnswer = v.object({
  number: v.pipe(
    v.nullable(v.pipe(v.number(), v.integer())),
    v.description('The last number of this shift; null before the first one.'),
  ),
  day,
  shift,
  updated_at: updatedAt,
});

export const limitAnswer = v.object({
  allowed: v.pipe(
    v.boolean(),
    v.description('Whether the cost was taken; of a read, whether one unit could be.'),
  ),
  remaining: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.description('Whole units that are left.')),
  ),
  retry_after_ms: v.pipe(
    v.number(),
    v.integer(),
    v.minValue(0),
    v.description('Milliseconds until there is room for the cost; 0 if there was.'),
  ),
});
