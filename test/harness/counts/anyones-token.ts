import { senders, type Token } from '../../../functions/rules/senders.ts';

/** An idempotency key that came without a credential. */
export const anyonesToken = (text: string): Token => ({ text, sender: senders.anyone });
