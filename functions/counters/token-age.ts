import { tokenAge } from '../rules/tokens.ts';
import { type Refusal, refuse } from './refusals.ts';

/**
 * Why a token cannot be taken any more, or yet; undefined if it can.
 *
 * @param lifetimeMs for how long every token has been kept
 */
export function refuseByAge(token: string, nowMs: number, lifetimeMs: number): Refusal | undefined {
  const age = tokenAge(token, nowMs, lifetimeMs);
  if (age === 'ok') return undefined;
  if (age === 'in_the_future') {
    return refuse('invalid_idempotency_key', 'This Idempotency-Key is a UUIDv7 from the future.');
  }
  const hours = Math.floor(lifetimeMs / 3_600_000);
  return refuse(
    'idempotency_key_expired',
    `This Idempotency-Key is a UUIDv7 of more than ${hours} hours ago; whether it was counted is not known any more.`,
  );
}
