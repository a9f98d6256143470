/**
 * Requests and answers as schemas. They validate requests, and the OpenAPI document is made from them:
 * an object schema exported here gets a name in it, `changeBody` is `ChangeBody`.
 */
import * as v from 'valibot';
import {
  callsPerMinute,
  counterNames,
  passActions,
  scope,
  scopesOf,
  subjectPattern,
} from '../access/key-schemas.ts';
import { strictObject } from '../counters/strict-object.ts';
import { isTimeOfDay, isTimeZone } from '../rules/calendar.ts';
import { limits } from '../rules/limits.ts';
import { isName, isReservedMember, isReservedSubject, nameRule } from '../rules/names.ts';
import { describeBadToken, parseToken } from '../rules/tokens.ts';
import { windowKinds } from '../rules/windows.ts';
import { pagingQuery } from './paging.ts';

const amount = v.optional(
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.maxValue(limits.amount),
    v.description('By how much; 1 if left out.'),
  ),
);

const wholeNumber = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(Number.MIN_SAFE_INTEGER),
  v.maxValue(Number.MAX_SAFE_INTEGER),
);

export const changeBody = strictObject({
  action: v.picklist(['increment', 'decrement', 'set']),
  amount,
  saturate: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        'For a counter with bounds: change it by as much of the amount as fits. The answer says how much in `applied`.',
      ),
    ),
  ),
  value: v.optional(
    v.pipe(wholeNumber, v.description('What to `set` the count to. It takes the right `admin`.')),
  ),
  expected: v.optional(
    v.pipe(wholeNumber, v.description('`set` the count only if it is this, in one cell.')),
  ),
});

const cost = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(limits.limitUnits));

export const takeBody = strictObject({
  cost: v.optional(v.pipe(cost, v.description('Units to take, all or none; 1 if left out.'))),
});

export const returnBody = strictObject({
  cost: v.pipe(cost, v.description('Units to give back.')),
});

/** What is left out stays as it is. */
export const settingsBody = strictObject({
  time_zone: v.optional(
    v.pipe(
      v.string(),
      v.check(isTimeZone, 'must be a time zone such as Europe/Berlin'),
      v.description('A name of the IANA time zone database.'),
    ),
  ),
  day_start: v.optional(
    v.pipe(
      v.string(),
      v.check(isTimeOfDay, 'must be a time of day such as 04:00'),
      v.description('The wall-clock time at which a business day begins.'),
    ),
  ),
});

export const reactionBody = strictObject({
  choice: v.pipe(v.string(), v.description('One of the choices in the definition of the counter.')),
});

/** The body of a heartbeat, and of leaving. */
export const sessionBody = strictObject({
  session: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(limits.nameLength),
      v.description(
        'The tab or device, by a name that the page makes up. The viewer is here while one of its sessions is. Without it, the one session that has no name.',
      ),
    ),
  ),
});

/** The body of a visit, a reset or a ticket: there is nothing to say in it. */
export const emptyBody = strictObject({});

export const keyBody = strictObject({
  scopes: scopesOf(),
  calls_per_minute: v.optional(callsPerMinute),
});

export const passBody = strictObject({
  member: v.pipe(
    v.string(),
    v.check(isName, `must be ${nameRule}`),
    v.check((name) => !isReservedMember(name), 'is a reserved name'),
    v.description('The visitor it is for. The pass acts as this member and user only.'),
  ),
  actions: passActions,
  subject: subjectPattern,
  counters: v.optional(counterNames),
  expires_in_seconds: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(limits.passSecondsMax)),
    3600,
  ),
});

export const visitorBody = strictObject({
  solution: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(limits.solutionLength),
      v.description(
        'For a proof of work: the `seed`, a colon and any text, so that the SHA-256 of it all (UTF-8) begins with `bits` zero bits. For a captcha: what its widget returns.',
      ),
    ),
  ),
});

const batchSubject = {
  subject: v.pipe(
    v.string(),
    v.check(isName, `must be ${nameRule}`),
    v.check((name) => !isReservedSubject(name), 'is a reserved name'),
  ),
  counter: v.string(),
};

/** One read or change. */
export const batchItem = v.variant('action', [
  strictObject({
    ...batchSubject,
    action: v.literal('read'),
    window: v.optional(v.picklist(windowKinds)),
  }),
  strictObject({
    ...batchSubject,
    action: v.picklist(['increment', 'decrement']),
    amount,
    idempotency_key: v.optional(
      v.pipe(
        v.string(),
        v.check(
          (text) => parseToken(text) !== undefined,
          ({ input }) => describeBadToken(input),
        ),
      ),
    ),
  }),
]);

export const batchBody = strictObject({
  items: v.pipe(v.array(batchItem), v.maxLength(limits.batchItems)),
});

const rangeFrom = v.pipe(
  v.string(),
  v.description(
    "The first window: a day, an hour or a minute. A time such as `2026-11-21T09` is by the subject's clock, `2026-11-21T08Z` is the same anywhere. A day stands for all its hours and minutes.",
  ),
);
const rangeTo = v.pipe(v.string(), v.description('The last window, included.'));
const lastWindows = v.pipe(
  v.string(),
  v.description(
    'A range that ends now: `30d`, `24h` or `60m` are so many whole windows, the current one included. It excludes `window`, `from` and `to`.',
  ),
);

export const historyQuery = strictObject({
  window: v.optional(
    v.pipe(
      v.picklist(['day', 'hour', 'minute']),
      v.description(
        'One of the windows in the definition of the counter. By default what `from` and `to` are; for days the longest window that the counter has.',
      ),
    ),
  ),
  from: v.optional(rangeFrom),
  to: v.optional(rangeTo),
  last: v.optional(lastWindows),
});

export const listQuery = strictObject(pagingQuery);

export const readQuery = strictObject({
  window: v.optional(
    v.pipe(
      v.picklist(windowKinds),
      v.description(
        'For counts and uniques: one of the windows in the definition of the counter. The first one by default.',
      ),
    ),
  ),
  from: v.optional(rangeFrom),
  to: v.optional(rangeTo),
  last: v.optional(lastWindows),
  consistent: v.optional(
    v.pipe(
      v.picklist(['true', 'false']),
      v.description(
        '`true` reads what was last written in this region, never anything older. Changes that are still `pending` are not in it; the answer then says `excludes_pending`.',
      ),
    ),
    'false',
  ),
});

const count = wholeNumber;
const updatedAt = v.pipe(
  v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  v.description('When the count last changed; null if it never did.'),
);

const version = v.pipe(
  v.number(),
  v.integer(),
  v.description(
    'How often the count was changed. Answers of one region about a counter are ordered by `window`, then `version`, then `updated_at`. The version is sure to rise only in answers to `consistent=true`.',
  ),
);
const shownWindow = v.optional(
  v.pipe(
    v.string(),
    v.description(
      'The window that the count is of: `2026-11-21`, or the hour that begins at `2026-11-21T09Z`. Left out if that is all time.',
    ),
  ),
);

const maybeCount = v.pipe(
  v.nullable(count),
  v.description('Null if that is not kept any more: see `kept_from`.'),
);
const clockTime = v.pipe(v.string(), v.isoTimestamp());
/** What a range is of. */
const rangeEnds = {
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

const excludesPending = v.optional(
  v.pipe(
    v.literal(true),
    v.description(
      'In answers to `consistent=true` for counters whose changes can be `pending`: these are not in the count.',
    ),
  ),
);

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

const choices = v.pipe(v.record(v.string(), count), v.description('The count of each choice.'));

export const reactionCounts = v.object({
  count,
  choices,
  version,
  updated_at: updatedAt,
  excludes_pending: excludesPending,
});

const standardError = v.pipe(
  v.number(),
  v.description('Relative. Two thirds of all estimates are off by less.'),
);

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

export const reactionAnswer = v.object({
  choice: v.pipe(
    v.nullable(v.string()),
    v.description('The choice of the member now; null if it has none.'),
  ),
  count,
  choices,
  version,
  updated_at: updatedAt,
  pending: v.pipe(
    v.boolean(),
    v.description('True if what the member says may not be in what readers see yet.'),
  ),
});

export const beatAnswer = v.object({
  count: v.optional(
    v.pipe(count, v.description('The viewers that are here now, including this one.')),
  ),
  pending: v.optional(
    v.pipe(
      v.boolean(),
      v.description('True if readers may not count this viewer yet. Left out where `count` is.'),
    ),
  ),
  next_beat_seconds: v.pipe(v.number(), v.description('Send the next heartbeat after this long.')),
});

export const visitAnswer = v.object({
  changed: v.pipe(v.boolean(), v.description('Whether this visit may have changed the estimate.')),
});

export const choiceAnswer = v.object({ choice: v.nullable(v.string()) });

const nextCursor = v.pipe(
  v.nullable(v.string()),
  v.description('The `cursor` of the next entries; null if there are no more.'),
);

export const changeAnswer = v.object({
  count: v.pipe(count, v.description("The count, including the caller's own change.")),
  window: v.optional(
    v.pipe(
      v.string(),
      v.description(
        'The window that the change was counted in, and that `count` is of: `2026-11-21`, or the hour that begins at `2026-11-21T09Z`. In the answer to a retry it may be over. Left out for all time, unless the counter shows another window by now: then it is `all`.',
      ),
    ),
  ),
  version,
  updated_at: updatedAt,
  pending: v.pipe(
    v.boolean(),
    v.description('True if the change is accepted, but readers do not see it yet.'),
  ),
  applied: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.description('With `saturate`: how much of the amount fitted.'),
    ),
  ),
  scope: v.optional(
    v.pipe(
      v.object({
        window: v.pipe(v.picklist(windowKinds), v.description('It was set in this window.')),
        unchanged: v.pipe(
          v.array(v.picklist(windowKinds)),
          v.description('The other windows of the counter keep what was counted in them.'),
        ),
      }),
      v.description('With a `set` or a reset: which windows it was of.'),
    ),
  ),
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

const day = v.pipe(v.string(), v.isoDate(), v.description("The subject's business day."));
const shift = v.pipe(v.number(), v.integer(), v.minValue(1));

export const ticketAnswer = v.object({ number: v.pipe(v.number(), v.integer()), day, shift });

export const bookAnswer = v.object({
  number: v.pipe(
    v.nullable(v.pipe(v.number(), v.integer())),
    v.description('The last number of this shift; null before the first one.'),
  ),
  day,
  shift,
  updated_at: updatedAt,
});

export const settingsAnswer = v.object({ time_zone: v.string(), day_start: v.string() });

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

/** Where a mistake is. */
const place = {
  pointer: v.optional(
    v.pipe(v.string(), v.description('Where in the body, such as `#/amount` (RFC 6901).')),
  ),
  parameter: v.optional(v.pipe(v.string(), v.description('Which parameter of path or query.'))),
  header: v.optional(v.pipe(v.string(), v.description('Which header.'))),
};

/** RFC 9457. */
export const problemDocument = v.object({
  type: v.pipe(v.string(), v.description('The page of the code.')),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  code: v.pipe(v.string(), v.description('Stable, so programs may branch on it.')),
  detail: v.pipe(v.string(), v.description('What is wrong with this request, for people.')),
  ...place,
  errors: v.optional(
    v.pipe(
      v.array(v.object({ code: v.string(), ...place, detail: v.string() })),
      v.description('With the code `invalid_request`: each thing that is wrong.'),
    ),
  ),
  count: v.optional(
    v.pipe(count, v.description('What the count is, where bounds or `expected` refused a change.')),
  ),
  remaining: v.optional(
    v.pipe(v.number(), v.integer(), v.description('How much room bounds leave in the window.')),
  ),
  resets_at: v.optional(
    v.pipe(v.nullable(v.string()), v.description('When the next window begins; null for none.')),
  ),
  challenge: v.optional(
    v.pipe(
      v.object({
        type: v.picklist(['proof-of-work', 'turnstile', 'hcaptcha']),
        seed: v.optional(v.string()),
        bits: v.optional(v.pipe(v.number(), v.integer())),
        expires_at: v.optional(v.string()),
        site_key: v.optional(v.string()),
      }),
      v.description('With `challenge_required`: what to solve.'),
    ),
  ),
  request_id: v.optional(
    v.pipe(v.string(), v.description('With `internal_error`: where to find it in the log.')),
  ),
});

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

/** What API Gateway says itself, before a request reaches Tally. */
export const gatewayAnswer = v.object({ message: v.string() });

export const subjectAnswer = v.object({
  subject: v.string(),
  counters: v.pipe(
    v.record(
      v.string(),
      v.union([
        counterAnswer,
        reactionCounts,
        uniqueAnswer,
        bookAnswer,
        limitAnswer,
        problemDocument,
      ]),
    ),
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

export const liveAnswer = v.object({
  realtime: v.pipe(v.string(), v.url(), v.description('The WebSocket to connect to.')),
  http: v.pipe(v.string(), v.url(), v.description('The HTTP endpoint of the same API.')),
  api_key: v.pipe(
    v.string(),
    v.description('For connecting and subscribing. It gives no other access.'),
  ),
  channel: v.pipe(
    v.string(),
    v.description('The channel of the counter. Everybody who knows it can listen.'),
  ),
  renew_after_seconds: v.pipe(
    v.number(),
    v.integer(),
    v.description('Ask again after this long, or the updates stop.'),
  ),
});

export const keyAnswer = v.object({
  id: v.string(),
  key: v.pipe(v.string(), v.description('The API key. It cannot be shown again.')),
});

export const keyList = v.object({
  keys: v.array(
    v.object({
      id: v.string(),
      scopes: v.array(scope),
      calls_per_minute: v.nullable(v.number()),
      created_at: v.string(),
      last_used_day: v.pipe(
        v.nullable(v.string()),
        v.description(`Null if it was not used for ${limits.keepKeyUseDays} days.`),
      ),
    }),
  ),
  next_cursor: nextCursor,
});

export const visitorAnswer = v.object({
  pass: v.string(),
  visitor: v.pipe(v.string(), v.description('The id of the visitor, as `me` stands for it.')),
  expires_at: v.pipe(v.string(), v.description('The pass can be renewed until a month later.')),
});

export const passAnswer = v.object({ pass: v.string(), expires_at: v.string() });

export const healthAnswer = v.object({ status: v.literal('ok') });
