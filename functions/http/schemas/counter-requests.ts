/** What requests to counters send. */
import * as v from 'valibot';
import { strictObject } from '../../counters/strict-object.ts';
import { isTimeOfDay, isTimeZone } from '../../rules/calendar.ts';
import { limits } from '../../rules/limits.ts';
import { windowKinds } from '../../rules/windows.ts';
import { pagingQuery } from '../paging.ts';
import { amount, count, lastWindows, rangeFrom, rangeTo } from './schema-parts.ts';

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
    v.pipe(count, v.description('What to `set` the count to. It takes the right `admin`.')),
  ),
  expected: v.optional(
    v.pipe(count, v.description('`set` the count only if it is this, in one cell.')),
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

/** The body of a visit, a reset or a ticket: there is nothing to say in it. */
export const emptyBody = strictObject({});

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
