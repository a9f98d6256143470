/** What can become of a call on its way to the table and back. */
import type { TableRequest } from './table-request.ts';

export type Fault =
  /** No connection: the table never hears of it. */
  | 'never_sent'
  /** The table refuses it for its rate, and has done nothing. */
  | 'throttled'
  /** Done, but the caller only learns that its time is over. */
  | 'reply_lost'
  /** The caller learns that its time is over; the call arrives later. */
  | 'arrives_late'
  /** Done and answered; and the very same call arrives once more later. */
  | 'duplicated'
  /** The caller dies before the table hears of it. */
  | 'crash_before'
  /** Done, but the caller dies before it learns of it. */
  | 'crash_after'
  /** An eventually consistent read that sees an item as it was one change ago. */
  | 'stale';

/** Decides what becomes of one attempt at a call; usually nothing. */
export type ChooseFault = (request: TableRequest) => Fault | undefined;

export type FaultChances = Readonly<Partial<Record<Fault, number>>>;

/**
 * @param chances of each fault, in [0, 1]; together no more than 1
 * @param random in [0, 1)
 */
export function faultsByChance(chances: FaultChances, random: () => number): ChooseFault {
  const entries = Object.entries(chances) as [Fault, number][];
  return () => {
    let rest = random();
    for (const [fault, chance] of entries) {
      if (rest < chance) return fault;
      rest -= chance;
    }
    return undefined;
  };
}
