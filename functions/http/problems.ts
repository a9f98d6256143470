/**
 * Every error Tally answers with, as RFC 9457 problem details. The code is stable: programs may
 * branch on it. The table is also the source of docs/errors.md, so no code is without a page.
 */
import type { RefusalCode } from '../counters/refusals.ts';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly cause: string;
  readonly fix: string;
  /** Whether the same request, sent again, may succeed. */
  readonly retry: 'no' | 'yes' | 'same key';
}

export const problemKinds = {
  invalid_subject: {
    status: 400,
    title: 'The subject is not a valid name',
    cause:
      'A subject is 1 to 128 characters: letters, digits and . _ : ~ -, beginning with a letter or digit. `v1`, `users`, `batch`, `keys`, `passes`, `health` and `assets` are reserved.',
    fix: 'Use an id of your own, such as `post-42`; encode anything else, for example as base64url.',
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
    cause: 'The counter exists, but what was asked of it belongs to counters of another kind.',
    fix: 'See in `detail` what kind it is, and in /docs what that kind can do.',
    retry: 'no',
  },
  invalid_member: {
    status: 400,
    title: 'The member is not a valid name',
    cause:
      'A member is 1 to 128 characters: letters, digits and . _ : ~ -, beginning with a letter or digit.',
    fix: 'Use the id of your user or visitor; encode anything else, for example as base64url.',
    retry: 'no',
  },
  invalid_user: {
    status: 400,
    title: 'The user is not a valid name',
    cause:
      'A user is 1 to 128 characters: letters, digits and . _ : ~ -, beginning with a letter or digit.',
    fix: 'Use the id of your user; encode anything else, for example as base64url.',
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
    cause: 'The choice is not one of those that the counter is configured with.',
    fix: 'Send one that `detail` lists, or add it in tally.config.ts.',
    retry: 'no',
  },
  too_many_subscriptions: {
    status: 409,
    title: 'The user has too many subscriptions',
    cause: 'The counts of all subscriptions are read together, so there are at most 100.',
    fix: 'Remove subscriptions that are not needed any more.',
    retry: 'no',
  },
  invalid_time_zone: {
    status: 400,
    title: 'There is no such time zone',
    cause: '`time_zone` is not a name of the IANA time zone database.',
    fix: 'Send a name such as `Europe/Berlin`; an offset such as `+02:00` cannot know when clocks change.',
    retry: 'no',
  },
  invalid_day_start: {
    status: 400,
    title: 'The start of the day is not a time',
    cause: '`day_start` is not written `HH:MM`, from 00:00 to 23:59.',
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
    cause: 'A batch has at most 100 items. Nothing was done.',
    fix: 'Send several batches.',
    retry: 'no',
  },
  invalid_json: {
    status: 400,
    title: 'The body is not JSON',
    cause: 'The request body is empty or cannot be parsed as JSON.',
    fix: 'Send a JSON object, such as `{"action":"increment"}`.',
    retry: 'no',
  },
  invalid_body: {
    status: 400,
    title: 'The body is not a JSON object',
    cause: 'The request body is JSON, but an array, a string, a number or null.',
    fix: 'Send a JSON object, such as `{"action":"increment"}`.',
    retry: 'no',
  },
  unknown_field: {
    status: 400,
    title: 'The body has a field that means nothing here',
    cause: 'Misspelt fields are refused, so that they are not silently ignored.',
    fix: 'Remove or correct the field that `detail` names.',
    retry: 'no',
  },
  invalid_action: {
    status: 400,
    title: 'The action is missing or unknown',
    cause: '`action` must be `increment` or `decrement`.',
    fix: 'Send one of these.',
    retry: 'no',
  },
  invalid_amount: {
    status: 400,
    title: 'The amount is not an integer from 1 to 1000000000',
    cause: '`amount` is 0, negative, a fraction, a string, null or too large.',
    fix: 'Send a whole number; the direction is in `action`. Leave it out for 1.',
    retry: 'no',
  },
  invalid_window: {
    status: 400,
    title: 'The counter has no such window',
    cause:
      '`window` is not one of the windows that the counter is configured with, or counters of its kind have none.',
    fix: 'Ask for a window that `detail` lists, add it in tally.config.ts, or leave `window` out.',
    retry: 'no',
  },
  invalid_range: {
    status: 400,
    title: 'The range is not valid',
    cause:
      '`from` or `to` is missing or is no window of the asked kind, `from` is after `to`, or what is read takes no range.',
    fix: 'Send window keys, such as `from=2026-11-01&to=2026-11-21` or `from=2026-11-21T09&to=2026-11-21T17`; of a count, to `/history`.',
    retry: 'no',
  },
  range_too_large: {
    status: 400,
    title: 'The range has too many windows',
    cause: 'A history has at most 1000 windows, a union of unique visitors at most 31.',
    fix: 'Ask for a shorter range, several times.',
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
    cause:
      'It is empty, longer than 255 characters, has spaces or characters outside ASCII, or is a UUIDv7 from the future.',
    fix: 'Send a UUID, made once per change and kept for its retries.',
    retry: 'no',
  },
  idempotency_key_expired: {
    status: 422,
    title: 'The Idempotency-Key is too old',
    cause:
      'It is a UUIDv7 older than keys are remembered, so nobody can tell whether its change was counted.',
    fix: 'Read the count and decide; send a new change with a new key. Check the clock of the client.',
    retry: 'no',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key was used for another change',
    cause: 'The same key came before with another action or amount on this counter.',
    fix: 'Make a new key for each change; send the same key only with the same change.',
    retry: 'no',
  },
  out_of_bounds: {
    status: 409,
    title: 'The change would take the count out of its bounds',
    cause:
      'The counter has a min or max; nothing was changed. `count` is what it was, for who may read it. Without it, the counter had grown to several cells before it was given bounds, which cannot be kept there.',
    fix: 'Tell your user that it is sold out, or wait for the next window.',
    retry: 'no',
  },
  not_bounded: {
    status: 409,
    title: 'The counter has no bounds',
    cause: '`saturate` cuts an amount to what fits into the bounds of a counter, and this one has none.',
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
    cause: 'A set with `expected` found another count; nothing was changed. `count` is what it was, for callers with read access.',
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
    cause: 'The total is above 2^53 - 1 or below its negative; a JSON number would be rounded.',
    fix: 'Read the exact total in `detail`; count in larger units.',
    retry: 'no',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    cause: 'The request body has more than 65536 bytes.',
    fix: 'Send less.',
    retry: 'no',
  },
  unknown_path: {
    status: 404,
    title: 'There is nothing at this path',
    cause: 'No route has this path.',
    fix: 'See /docs for the paths there are.',
    retry: 'no',
  },
  method_not_allowed: {
    status: 405,
    title: 'The path does not take this method',
    cause: 'There is a route with this path, but not for this method.',
    fix: 'Use a method that the `Allow` header lists.',
    retry: 'no',
  },
  key_required: {
    status: 401,
    title: 'This needs an API key',
    cause: 'The counter is not public, and the request carries no key.',
    fix: 'Send `Authorization: Bearer tally_…`.',
    retry: 'no',
  },
  invalid_key: {
    status: 401,
    title: 'The API key is not valid',
    cause: 'The key is malformed, unknown or revoked.',
    fix: 'Ask your operator for a key.',
    retry: 'no',
  },
  forbidden: {
    status: 403,
    title: 'The key has no right to do this',
    cause:
      'The key, pass or token is valid, but not for this action on this subject and counter. The answer is the same whether these exist or not.',
    fix: 'Ask your operator for a key with the scope that this takes.',
    retry: 'no',
  },
  rate_limited: {
    status: 429,
    title: 'The key has made too many requests',
    cause:
      'The key was created with a limit of requests a minute, in which those with its passes count, too.',
    fix: 'Wait for `Retry-After` seconds, until the next minute.',
    retry: 'yes',
  },
  invalid_scopes: {
    status: 400,
    title: 'The scopes of the key are not valid',
    cause:
      '`scopes` is missing or empty, or one has an unknown or repeated action, no subject pattern, a reserved subject, an empty list of counters, or too many names.',
    fix: 'Send `{"scopes":[{"actions":["read","write"],"subjects":["resto-7"],"counters":["orders"]}]}`.',
    retry: 'no',
  },
  invalid_calls_per_minute: {
    status: 400,
    title: 'The limit of requests is not valid',
    cause: '`calls_per_minute` is not an integer from 1 to 60000.',
    fix: 'Send such a number, or leave it out for no limit.',
    retry: 'no',
  },
  invalid_pass: {
    status: 400,
    title: 'What the pass is to be good for is not valid',
    cause:
      '`actions` must be of `read` and `write`, each once, `counters` names of counters, if it is sent, and `expires_in_seconds` from 1 to 86400.',
    fix: 'Correct the field that `detail` names.',
    retry: 'no',
  },
  too_many_keys: {
    status: 409,
    title: 'There are too many keys',
    cause: 'A deployment has at most 1000 keys.',
    fix: 'Revoke keys that are not used any more: the list says when each was last used.',
    retry: 'no',
  },
  unknown_key: {
    status: 404,
    title: 'There is no key of this id',
    cause: 'The id is misspelt, or the key is revoked already.',
    fix: 'List the keys.',
    retry: 'no',
  },
  outcome_unknown: {
    status: 503,
    title: 'It is not known whether the change was counted',
    cause: 'The database broke off before it answered, so the write may have happened.',
    fix: 'If you sent an Idempotency-Key, send the request again with the same key: it counts once. Without one, read the count and decide.',
    retry: 'same key',
  },
  unavailable: {
    status: 503,
    title: 'The database cannot be reached',
    cause: 'The database refuses or does not answer. Nothing was changed.',
    fix: 'Send the request again after `Retry-After` seconds.',
    retry: 'yes',
  },
  internal_error: {
    status: 500,
    title: 'Something broke inside Tally',
    cause: 'A bug. It is in the log under the request id of this answer.',
    fix: 'Report it. If you sent an Idempotency-Key, sending the same request again is safe.',
    retry: 'same key',
  },
} satisfies Readonly<Record<string, ProblemKind> & Record<RefusalCode, ProblemKind>>;

export type ProblemCode = keyof typeof problemKinds;
