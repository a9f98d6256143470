/** Parts that several schemas share. They have no name in the OpenAPI document. */
import * as v from 'valibot';
import { limits } from '../../rules/limits.ts';

export const amount = v.optional(
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.maxValue(limits.amount),
    v.description('By how much; 1 if left out.'),
  ),
);

export const count = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(Number.MIN_SAFE_INTEGER),
  v.maxValue(Number.MAX_SAFE_INTEGER),
);

export const rangeFrom = v.pipe(
  v.string(),
  v.description(
    "The first window: a day, an hour or a minute. A time such as `2026-11-21T09` is by the subject's clock, `2026-11-21T08Z` is the same anywhere. A day stands for all its hours and minutes.",
  ),
);

export const rangeTo = v.pipe(v.string(), v.description('The last window, included.'));

export const lastWindows = v.pipe(
  v.string(),
  v.description(
    'A range that ends now: `30d`, `24h` or `60m` are so many whole windows, the current one included. It excludes `window`, `from` and `to`.',
  ),
);

export const updatedAt = v.pipe(
  v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  v.description('When the count last changed; null if it never did.'),
);

export const version = v.pipe(
  v.number(),
  v.integer(),
  v.description(
    'How often the count was changed. Answers of one region about a counter are ordered by `window`, then `version`, then `updated_at`. The version is sure to rise only in answers to `consistent=true`.',
  ),
);

export const shownWindow = v.optional(
  v.pipe(
    v.string(),
    v.description(
      'The window that the count is of: `2026-11-21`, or the hour that begins at `2026-11-21T09Z`. Left out if that is all time.',
    ),
  ),
);

export const maybeCount = v.pipe(
  v.nullable(count),
  v.description('Null if that is not kept any more: see `kept_from`.'),
);

export const clockTime = v.pipe(v.string(), v.isoTimestamp());

/** What a range is of. */
export const rangeEnds = {
  from: v.pipe(v.string(), v.description('The first window.')),
  to: v.pipe(v.string(), v.description('The last window, included.')),
  starts_at: v.pipe(
    clockTime,
    v.description("When the first window begins, by the subject's clock."),
  ),
  ends_at: v.pipe(
    v.string(),
    v.description(
      'When the last window ends: RFC 3339, but for the last of the year 9999, which ends in the year `+010000`.',
    ),
  ),
  kept_from: v.pipe(
    v.string(),
    v.description('The first window that is still kept. Nothing is known of those before it.'),
  ),
};

export const excludesPending = v.optional(
  v.pipe(
    v.literal(true),
    v.description(
      'In answers to `consistent=true` for counters whose changes can be `pending`: these are not in the count.',
    ),
  ),
);

export const choices = v.pipe(
  v.record(v.string(), count),
  v.description('The count of each choice.'),
);

export const standardError = v.pipe(
  v.number(),
  v.description('Relative. Two thirds of all estimates are off by less.'),
);

export const nextCursor = v.pipe(
  v.nullable(v.string()),
  v.description('The `cursor` of the next entries; null if there are no more.'),
);

export const day = v.pipe(v.string(), v.isoDate(), v.description("The subject's business day."));

export const shift = v.pipe(v.number(), v.integer(), v.minValue(1));
