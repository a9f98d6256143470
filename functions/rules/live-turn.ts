/**
 * Whose turn it is to send a live message. Every stream shard's function sees its own changes, and a
 * counter's come through all of them. They agree through the counter's watch item, without timers:
 * the first message goes at once; what follows within a quarter of a second is left to one function,
 * which holds a lease, waits until that time is over and then reads the total.
 *
 * A lease ends with the time it waits for: a function that comes later sends, and so takes it away. The
 * holder notices, and need not send: the total that was read instead is later than what it waited with.
 * The holder closes the lease before it reads, so a change that was left to it is in the total it reads.
 */
import { limits } from './limits.ts';

/** What is known of those who listen, and of the last message. */
export interface LiveState {
  /** Epoch ms until which somebody listens. */
  readonly untilMs: number;
  /** Epoch ms of the last message; undefined if there was none. */
  readonly sentAtMs: number | undefined;
  /** Whether a function waits to send what others leave to it. */
  readonly isLeased: boolean;
}

export type LiveTurn =
  /** Nobody listens. */
  | { readonly turn: 'nobody' }
  | { readonly turn: 'send'; readonly sentAtMs: number }
  /** Another function sends later. */
  | { readonly turn: 'leave' }
  /** Take the lease, wait so many ms, close it and send. */
  | { readonly turn: 'lease'; readonly waitMs: number; readonly sentAtMs: number };

export function liveTurn(state: LiveState | undefined, nowMs: number): LiveTurn {
  if (!state || state.untilMs <= nowMs) return { turn: 'nobody' };
  const { sentAtMs } = state;
  const nextMs = sentAtMs === undefined ? nowMs : sentAtMs + limits.publishEveryMs;
  if (nextMs <= nowMs) return { turn: 'send', sentAtMs: nowMs };
  if (state.isLeased) return { turn: 'leave' };
  // No longer than that, also if the clock of the last sender is ahead.
  const waitMs = Math.min(nextMs - nowMs, limits.publishEveryMs);
  return { turn: 'lease', waitMs, sentAtMs: nextMs };
}
