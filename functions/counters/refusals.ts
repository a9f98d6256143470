/** Why Tally refuses a valid request. Refusals are values, not exceptions. */
export type RefusalCode =
  | 'amount_too_large'
  | 'decrement_not_allowed'
  | 'out_of_bounds'
  | 'bounds_settling'
  | 'idempotency_key_reused'
  | 'idempotency_key_expired'
  | 'invalid_idempotency_key'
  | 'not_bounded'
  | 'not_single_cell'
  | 'count_mismatch'
  | 'invalid_cost'
  | 'contended'
  | 'count_too_large'
  | 'invalid_window'
  | 'invalid_range'
  | 'range_too_large'
  | 'wrong_kind'
  | 'unknown_choice'
  | 'too_many_subscriptions';

export interface Refusal<Code extends string = RefusalCode> {
  readonly ok: false;
  readonly code: Code;
  /** For people: what happened, and what to do. */
  readonly detail: string;
  /** The current count, where it explains the refusal. */
  readonly count?: number;
  /** What still fits, where a count is full for the time of a window, and when that window ends (epoch ms). */
  readonly room?: { readonly remaining: number; readonly resetsAtMs: number };
  /** After how long the same may be taken, where that is known. */
  readonly retryAfterSeconds?: number;
}

/** @param count is left out of the refusal where JSON cannot carry it exactly; the detail may still name it */
export const refuse = <Code extends string = RefusalCode>(
  code: Code,
  detail: string,
  count?: bigint,
): Refusal<Code> => ({
  ok: false,
  code,
  detail,
  ...(Number.isSafeInteger(Number(count)) && { count: Number(count) }),
});
