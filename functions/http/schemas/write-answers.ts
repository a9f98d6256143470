/** What a change answers. */
import * as v from 'valibot';
import { windowKinds } from '../../rules/windows.ts';
import { choices, count, day, shift, updatedAt, version } from './schema-parts.ts';

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

export const ticketAnswer = v.object({ number: v.pipe(v.number(), v.integer()), day, shift });

export const settingsAnswer = v.object({ time_zone: v.string(), day_start: v.string() });
