/**
 * Every error that Tally answers with, as RFC 9457 problem details. A code is stable: programs may
 * branch on it. docs/errors.md and the page of errors are made from this table, so no code is without
 * an explanation.
 */
import type { AccessRefusal } from '../access/access.ts';
import type { RefusalCode } from '../counters/refusals.ts';
import type { ErrorText } from '../pages/errors-document.ts';
import { limits } from '../rules/limits.ts';
import { nameRule, reservedMembers, reservedSubjects } from '../rules/names.ts';
import { accessProblems } from './access-problems.ts';
import { requestProblems } from './request-problems.ts';

const listed = (names: readonly string[]): string => names.map((it) => `\`${it}\``).join(', ');

export const problemKinds = {
  ...requestProblems,
  invalid_subject: {
    status: 400,
    title: 'The subject is not a valid name',
    cause: `A subject is ${nameRule}. Some names are reserved: ${listed(reservedSubjects)}.`,
    fix: 'Use an id of your own, such as `post-42`. Encode other texts, for example as base64url.',
    retry: 'no',
  },
  unknown_counter: {
    status: 404,
    title: 'There is no such counter',
    cause: 'The counter is not defined in tally.config.ts of this deployment.',
    fix: 'Check the spelling, or define the counter and deploy.',
    retry: 'no',
  },
  wrong_kind: {
    status: 409,
    title: 'The counter is of another kind',
    cause: 'The counter exists, but only counters of another kind can do this.',
    fix: 'See in `detail` which kind it is, and in /docs what that kind can do.',
    retry: 'no',
  },
  invalid_member: {
    status: 400,
    title: 'The member is not a valid name',
    cause: `A member is ${nameRule}. Reserved: ${listed(reservedMembers)}.`,
    fix: 'Use the id of your user or visitor. Encode other texts, for example as base64url.',
    retry: 'no',
  },
  invalid_user: {
    status: 400,
    title: 'The user is not a valid name',
    cause: `A user is ${nameRule}. Reserved: ${listed(reservedMembers)}.`,
    fix: 'Use the id of your user. Encode other texts, for example as base64url.',
    retry: 'no',
  },
  invalid_choice: {
    status: 400,
    title: 'The choice is missing or not a string',
    cause: 'The body of a reaction needs a `choice`.',
    fix: 'Send `{"choice":"like"}`.',
    retry: 'no',
  },
  unknown_choice: {
    status: 400,
    title: 'The counter has no such choice',
    cause: 'The choice is not in the definition of the counter.',
    fix: 'Send a choice that `detail` lists, or add it in tally.config.ts.',
    retry: 'no',
  },
  too_many_subscriptions: {
    status: 409,
    title: 'The user has too many subscriptions',
    cause: `A user has at most ${limits.subscriptions} subscriptions, because their counts are read together.`,
    fix: 'Remove subscriptions that are no longer needed.',
    retry: 'no',
  },
  invalid_time_zone: {
    status: 400,
    title: 'There is no such time zone',
    cause: '`time_zone` is not a name of the IANA time zone database.',
    fix: 'Send a name such as `Europe/Berlin`. An offset such as `+02:00` does not say when clocks change.',
    retry: 'no',
  },
  invalid_day_start: {
    status: 400,
    title: 'The start of the day is not a time',
    cause: '`day_start` is not a time from `00:00` to `23:59`.',
    fix: 'Send a time such as `04:00`.',
    retry: 'no',
  },
  invalid_items: {
    status: 400,
    title: 'The items of the batch are not a list',
    cause: '`items` is missing or not a list.',
    fix: 'Send `{"items":[{"subject":"post-42","counter":"likes","action":"read"}]}`.',
    retry: 'no',
  },
  too_many_items: {
    status: 400,
    title: 'The batch has too many items',
    cause: `A batch has at most ${limits.batchItems} items. None of them was run.`,
    fix: 'Send several batches.',
    retry: 'no',
  },
  invalid_json: {
    status: 400,
    title: 'The body is not JSON',
    cause: 'The request body is empty, is not UTF-8, or cannot be parsed as JSON.',
    fix: 'Send a JSON object, such as `{"action":"increment"}`. Names and strings take double quotes; a Windows shell drops those that are not escaped.',
    retry: 'no',
  },
  invalid_body: {
    status: 400,
    title: 'The body is not what this takes',
    cause:
      'The request body is JSON, but not an object; or a field of it is missing, is of a wrong type or has a value that it cannot have.',
    fix: 'Correct what `detail` names; `pointer` says where it is.',
    retry: 'no',
  },
  unknown_field: {
    status: 400,
    title: 'The body has an unknown field',
    cause: 'Unknown fields are refused, so that a misspelt one is not silently ignored.',
    fix: 'Remove or correct the field that `detail` names.',
    retry: 'no',
  },
  invalid_action: {
    status: 400,
    title: 'The action is missing or unknown',
    cause: '`action` must be `increment` or `decrement`; in a batch also `read`.',
    fix: 'Send one of them.',
    retry: 'no',
  },
  invalid_amount: {
    status: 400,
    title: `The amount is not a whole number from 1 to ${limits.amount}`,
    cause: '`amount` is 0, negative, a fraction, a string, null or too large.',
    fix: 'Send a whole number, or leave it out for 1. The direction is in `action`.',
    retry: 'no',
  },
  invalid_window: {
    status: 400,
    title: 'The counter has no such window',
    cause:
      '`window` is not in the definition of the counter, or counters of its kind have no windows.',
    fix: 'Ask for a window that `detail` lists, add it in tally.config.ts, or leave `window` out.',
    retry: 'no',
  },
  invalid_range: {
    status: 400,
    title: 'The range is not valid',
    cause:
      '`from` or `to` is missing, one of them is not a window of this kind, `from` is after `to`, `last` is not a number of windows or stands beside others, or the counter has no ranges.',
    fix: 'Send windows, such as `from=2026-11-01&to=2026-11-21` or `from=2026-11-21T09&to=2026-11-21T17`, or `last=24h` alone, without `window`.',
    retry: 'no',
  },
  range_too_large: {
    status: 400,
    title: 'The range has too many windows',
    cause: `A history has at most ${limits.historyRows} windows, a union of unique visitors at most ${limits.uniqueWindows}.`,
    fix: 'Ask for several shorter ranges.',
    retry: 'no',
  },
  invalid_consistent: {
    status: 400,
    title: '`consistent` is neither true nor false',
    cause: 'The query parameter has another value.',
    fix: 'Send `?consistent=true`, or leave it out.',
    retry: 'no',
  },
  invalid_idempotency_key: {
    status: 400,
    title: 'The Idempotency-Key is not valid',
    cause: `It is empty, is longer than ${limits.tokenLength} characters, has spaces, characters outside ASCII or a comma outside of quotes, or is a UUIDv7 from the future; or the request cannot be made safe to send again by one.`,
    fix: 'Send a UUID. Make one for each change, and keep it for the retries of that change. `detail` says what is wrong.',
    retry: 'no',
  },
  idempotency_key_expired: {
    status: 422,
    title: 'The Idempotency-Key is too old',
    cause:
      'It is a UUIDv7 from before the time that idempotency keys are remembered, or it was used for a ticket of a day whose book is not kept any more. Tally cannot know what became of its change.',
    fix: 'Check the clock of the client. Read the counter and decide whether to send the change again, with a new Idempotency-Key.',
    retry: 'no',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key was used for another change',
    cause: 'This counter has already had the same Idempotency-Key with another action or amount.',
    fix: 'Make a new Idempotency-Key for each change. Send the same one only with the same change.',
    retry: 'no',
  },
  amount_too_large: {
    status: 400,
    title: 'The amount is more than the counter takes',
    cause:
      'The definition of the counter says how much one change may be. A counter that takes no API key for writing takes 1, unless it says more.',
    fix: 'Send what `detail` allows, or give the counter `amounts: { max }` in tally.config.ts.',
    retry: 'no',
  },
  decrement_not_allowed: {
    status: 400,
    title: 'The counter takes no decrements',
    cause:
      'The definition of the counter allows increments only. So it is for a counter that takes no API key for writing, unless it says otherwise.',
    fix: 'Give the counter `amounts: { decrement: true }` in tally.config.ts, or correct the count by a `set`.',
    retry: 'no',
  },
  invalid_cost: {
    status: 400,
    title: 'The cost is not valid',
    cause:
      '`cost` is not a whole number from 1 on, or is more than the burst of the limit, which it never has room for.',
    fix: 'Send a whole number up to the burst of the limit, or leave it out for 1.',
    retry: 'no',
  },
  out_of_bounds: {
    status: 409,
    title: 'The change would take the count out of its bounds',
    cause:
      'The counter has a min or a max, and nothing was changed. Callers with read access get the current `count`. If it is missing for them, the counter had grown to several cells before it was given bounds, and bounds cannot be kept across cells. A counter whose first window ends also says what still fits (`remaining`), when it begins anew (`resets_at`), and how long that takes (`Retry-After`).',
    fix: 'Tell your user that it is sold out, or wait for the next window. For so much in a time, use a counter of the kind `limit`.',
    retry: 'no',
  },
  bounds_settling: {
    status: 503,
    title: 'The counter was given bounds a moment ago',
    cause:
      'Changes that were accepted while the counter had no bounds may still be pending, and would break them. For ten minutes after such a deployment it takes no changes. Nothing was changed.',
    fix: 'Send the request again after `Retry-After` seconds.',
    retry: 'yes',
  },
  not_bounded: {
    status: 409,
    title: 'The counter has no bounds',
    cause:
      '`saturate` cuts an amount to what fits into the bounds of a counter, and this one has none.',
    fix: 'Leave out `saturate`, or give the counter bounds in tally.config.ts.',
    retry: 'no',
  },
  not_single_cell: {
    status: 409,
    title: 'The count is spread over several cells',
    cause:
      'A set with `expected` compares and sets in one write to one item. This count has grown to several, or several regions write it.',
    fix: 'Leave out `expected`, or define the counter with `maxShards: 1`.',
    retry: 'no',
  },
  count_mismatch: {
    status: 412,
    title: 'The count is not what was expected',
    cause:
      'A set with `expected` found another count; nothing was changed. `count` is what it was, for callers with read access.',
    fix: 'Read the count again and decide anew.',
    retry: 'no',
  },
  contended: {
    status: 503,
    title: 'Too many writers at once',
    cause:
      'A count with bounds, a set, a reset and a book of tickets are each one item in the database, which took no more at the moment. Nothing was changed.',
    fix: 'Send the request again after `Retry-After` seconds.',
    retry: 'yes',
  },
  count_too_large: {
    status: 409,
    title: 'The count is beyond the exact integers of JSON',
    cause: 'The total is above 2^53 - 1 or below -(2^53 - 1), so a JSON number would be rounded.',
    fix: 'Read the exact total in `detail`, and count in larger units.',
    retry: 'no',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    cause: `The request body has more than ${limits.bodyBytes} bytes.`,
    fix: 'Send less.',
    retry: 'no',
  },
  unknown_path: {
    status: 404,
    title: 'There is nothing at this path',
    cause: 'No route has this path.',
    fix: 'See /docs for the paths that exist.',
    retry: 'no',
  },
  method_not_allowed: {
    status: 405,
    title: 'The path does not take this method',
    cause: 'The path exists, but not for this method.',
    fix: 'Use a method that the `Allow` header lists.',
    retry: 'no',
  },
  ...accessProblems,
  outcome_unknown: {
    status: 503,
    title: 'It is not known whether the change was counted',
    cause:
      'The connection to the database broke before it answered, so the write may have happened.',
    fix: 'If you sent an Idempotency-Key, send the request again with the same one: it counts once. Without one, read the count and decide.',
    retry: 'same key',
  },
  unavailable: {
    status: 503,
    title: 'The database cannot be reached',
    cause: 'The database refuses requests or does not answer. Nothing was changed.',
    fix: 'Send the request again after `Retry-After` seconds.',
    retry: 'yes',
  },
  internal_error: {
    status: 500,
    title: 'Something broke inside Tally',
    cause: 'A bug. The log has it under the request id of this answer.',
    fix: 'Report it. If you sent an Idempotency-Key, sending the same request again is safe.',
    retry: 'same key',
  },
} satisfies Readonly<
  Record<string, ErrorText> & Record<RefusalCode | AccessRefusal['code'], ErrorText>
>;

export type ProblemCode = keyof typeof problemKinds;
