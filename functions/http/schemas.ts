/**
 * What comes in and what goes out, as schemas: they validate requests and are the source of the
 * OpenAPI document. Object schemas exported here get a name in it, `changeBody` as `ChangeBody`.
 */
import * as v from 'valibot';
import { isTimeOfDay, isTimeZone } from '../rules/calendar.ts';
import { limits } from '../rules/limits.ts';
import { isCounterName, isReservedSubject } from '../rules/names.ts';
import { type Action, actions, isSubjectPattern } from '../rules/scopes.ts';
import { windowKinds } from '../rules/windows.ts';

export const changeBody = v.strictObject({
  action: v.picklist(['increment', 'decrement']),
  amount: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(limits.amount)), 1),
});

export const settingsBody = v.strictObject({
  time_zone: v.pipe(
    v.string(),
    v.check(isTimeZone, 'There is no such time zone.'),
    v.description('Name of the IANA time zone database.'),
  ),
  day_start: v.optional(
    v.pipe(
      v.string(),
      v.check(isTimeOfDay, 'This is no time of day.'),
      v.description('Wall-clock time at which a business day begins.'),
    ),
    '00:00',
  ),
});

export const reactionBody = v.strictObject({
  choice: v.pipe(v.string(), v.description('One of the choices the counter is configured with.')),
});

/** A heartbeat, a visit, a reset or the wish for a ticket says nothing but that it came. */
export const emptyBody = v.strictObject({});

const actionsOf = <const A extends readonly Action[]>(options: A) =>
  v.pipe(
    v.array(v.picklist(options)),
    v.minLength(1),
    v.maxLength(options.length),
    v.check((names) => new Set(names).size === names.length, 'An action is named twice.'),
  );

const subjectPattern = v.pipe(
  v.string(),
  v.check(isSubjectPattern, 'This is no pattern of subjects.'),
  v.check((text) => !isReservedSubject(text), 'This name is reserved: no subject has it.'),
);

const counterNames = v.pipe(
  v.array(v.pipe(v.string(), v.check(isCounterName, 'This is no name of a counter.'))),
  v.minLength(1),
  v.maxLength(limits.namesOfScope),
);

const scope = v.strictObject({
  actions: actionsOf(actions),
  subjects: v.pipe(
    v.array(subjectPattern),
    v.minLength(1),
    v.maxLength(limits.namesOfScope),
    v.description('Subjects, or their beginnings followed by `*`; `*` is all.'),
  ),
  counters: v.optional(
    v.pipe(
      counterNames,
      v.description('Left out, it is all counters, and the settings of the subjects.'),
    ),
  ),
});

export const keyBody = v.strictObject({
  scopes: v.pipe(v.array(scope), v.minLength(1), v.maxLength(limits.scopes)),
  calls_per_minute: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(limits.callsPerMinuteMax),
      v.description('Costs a write for each request.'),
    ),
  ),
});

export const passBody = v.strictObject({
  member: v.pipe(
    v.string(),
    v.description('The visitor it is for; it acts as this member and user, and as no other.'),
  ),
  actions: actionsOf(['read', 'write']),
  subject: subjectPattern,
  counters: v.optional(counterNames),
  expires_in_seconds: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(limits.passSecondsMax)),
    3600,
  ),
});

const batchSubject = { subject: v.string(), counter: v.string() };

/** One read or write; its names are checked like those of a path. */
export const batchItem = v.variant('action', [
  v.strictObject({
    ...batchSubject,
    action: v.literal('read'),
    window: v.optional(v.picklist(windowKinds)),
  }),
  v.strictObject({
    ...batchSubject,
    action: v.picklist(['increment', 'decrement']),
    amount: changeBody.entries.amount,
    idempotency_key: v.optional(v.string()),
  }),
]);

export const batchBody = v.strictObject({
  items: v.pipe(v.array(batchItem), v.maxLength(limits.batchItems)),
});

export const historyQuery = v.object({
  window: v.pipe(
    v.picklist(['day', 'hour', 'minute']),
    v.description('One of the windows it is configured with.'),
  ),
  from: v.pipe(v.string(), v.description('The first window: a key, or a day.')),
  to: v.pipe(v.string(), v.description('The last window, included.')),
});

export const readQuery = v.object({
  window: v.optional(
    v.pipe(
      v.picklist(windowKinds),
      v.description(
        'Of counts and uniques: which of the windows it is configured with; by default the first.',
      ),
    ),
  ),
  from: v.optional(
    v.pipe(v.string(), v.description('Of uniques: the first window of a union, or a day.')),
  ),
  to: v.optional(v.pipe(v.string(), v.description('Of uniques: the last window, included.'))),
  consistent: v.optional(
    v.pipe(
      v.picklist(['true', 'false']),
      v.description('`true` reads what was last written in this region.'),
    ),
    'false',
  ),
});

const count = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(Number.MIN_SAFE_INTEGER),
  v.maxValue(Number.MAX_SAFE_INTEGER),
);
const updatedAt = v.pipe(
  v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  v.description('When the count last changed; null if it never did.'),
);

export const counterAnswer = v.object({ count, updated_at: updatedAt });

const choices = v.pipe(v.record(v.string(), count), v.description('The count of each choice.'));

export const reactionCounts = v.object({ count, choices, updated_at: updatedAt });

export const uniqueAnswer = v.object({
  count: v.pipe(count, v.description('Estimated number of different members.')),
  standard_error: v.pipe(
    v.number(),
    v.description('Relative: two thirds of all estimates are off by less.'),
  ),
});

export const reactionAnswer = v.object({
  choice: v.pipe(v.nullable(v.string()), v.description('What the member says now.')),
  count,
  choices,
  updated_at: updatedAt,
  pending: v.boolean(),
});

export const beatAnswer = v.object({
  count: v.optional(
    v.pipe(count, v.description('Viewers that are here now, this one among them.')),
  ),
  next_beat_seconds: v.pipe(v.number(), v.description('When to say so again.')),
});

export const visitAnswer = v.object({
  changed: v.pipe(v.boolean(), v.description('Whether the estimate may have changed by this.')),
});

export const choiceAnswer = v.object({ choice: v.nullable(v.string()) });

export const unreadAnswer = v.object({
  count: v.pipe(count, v.description('What is unread in all.')),
  subscriptions: v.array(v.object({ subject: v.string(), counter: v.string(), count })),
});

export const changeAnswer = v.object({
  count: v.pipe(count, v.description("The count with the caller's own change in it.")),
  updated_at: updatedAt,
  pending: v.pipe(
    v.boolean(),
    v.description('The change is accepted, but readers do not see it yet.'),
  ),
  window: v.optional(
    v.pipe(
      v.string(),
      v.description(
        'In the answer to a retry: the window that the change was counted in, and that `count` is of, if that is over: `2026-11-21`, or `2026-11-21T09` in UTC.',
      ),
    ),
  ),
});

export const historyAnswer = v.object({
  window: v.picklist(['day', 'hour', 'minute']),
  rows: v.pipe(
    v.array(
      v.object({
        window: v.pipe(
          v.string(),
          v.description('Its key: `2026-11-21`, or `2026-11-21T09` in UTC.'),
        ),
        count,
        open: v.pipe(
          v.boolean(),
          v.description('It is the window of now: the count may still change.'),
        ),
      }),
    ),
    v.description('Oldest first, without gaps.'),
  ),
});

const day = v.pipe(v.string(), v.isoDate(), v.description("The subject's business day."));
const shift = v.pipe(v.number(), v.integer(), v.minValue(1));

export const ticketAnswer = v.object({ number: v.pipe(v.number(), v.integer()), day, shift });

export const bookAnswer = v.object({
  number: v.pipe(
    v.nullable(v.pipe(v.number(), v.integer())),
    v.description('The last number of this shift; null if there is none yet.'),
  ),
  day,
  shift,
  updated_at: updatedAt,
});

export const settingsAnswer = v.object({ time_zone: v.string(), day_start: v.string() });

export const batchAnswer = v.object({
  results: v.pipe(
    v.array(v.looseObject({ status: v.pipe(v.number(), v.integer()) })),
    v.description(
      'In the order of the items. `status` as the item would have got alone, with the same members.',
    ),
  ),
});

export const liveAnswer = v.object({
  realtime: v.pipe(v.string(), v.url(), v.description('The WebSocket to listen at.')),
  http: v.pipe(v.string(), v.url(), v.description('The HTTP endpoint that belongs to it.')),
  api_key: v.pipe(
    v.string(),
    v.description('For connecting and subscribing; it opens nothing else.'),
  ),
  channel: v.pipe(v.string(), v.description("The counter's channel; who knows it may listen.")),
  renew_after_seconds: v.pipe(
    v.number(),
    v.integer(),
    v.description('Ask again after this long, or updates stop.'),
  ),
});

export const keyAnswer = v.object({
  id: v.string(),
  key: v.pipe(v.string(), v.description('Shown this once.')),
});

export const keyList = v.object({
  keys: v.array(
    v.object({
      id: v.string(),
      scopes: v.array(scope),
      calls_per_minute: v.nullable(v.number()),
      created_at: v.string(),
      last_used_day: v.nullable(v.string()),
    }),
  ),
});

export const passAnswer = v.object({ pass: v.string(), expires_at: v.string() });

export const healthAnswer = v.object({ status: v.literal('ok') });

/** RFC 9457. Some codes have further members, such as the `count` of `out_of_bounds`. */
export const problemDocument = v.looseObject({
  type: v.pipe(v.string(), v.description('Where the code is explained.')),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  code: v.pipe(v.string(), v.description('Stable: programs may branch on it.')),
  detail: v.pipe(v.string(), v.description('What is wrong with this very request, for people.')),
});
