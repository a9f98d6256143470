/** How somebody without an account becomes a visitor, as tally.config.ts says it. */
import * as v from 'valibot';
import { limits } from '../rules/limits.ts';

/** The public half of a site's keys at the provider. */
const siteKey = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.siteKeyLength));
const wholeFrom = (least: number, most: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));

const challenge = v.variant('type', [
  /** Everybody gets a pass who asks for one. */
  v.strictObject({ type: v.literal('none') }),
  v.strictObject({
    type: v.literal('proof-of-work'),
    /** The work doubles with each. */
    bits: v.optional(wholeFrom(0, limits.proofOfWorkBitsMax), limits.proofOfWorkBits),
  }),
  v.strictObject({ type: v.literal('turnstile'), siteKey }),
  v.strictObject({ type: v.literal('hcaptcha'), siteKey }),
]);

export const visitorSettings = v.strictObject({
  /** What a newcomer has to do for a pass. */
  challenge: v.optional(challenge, { type: 'proof-of-work' }),
  /** Hours that a visitor's pass lasts; the visitor can renew it. */
  passHours: v.optional(wholeFrom(1, limits.visitorPassHoursMax), limits.visitorPassHours),
});

export type VisitorSettings = v.InferOutput<typeof visitorSettings>;
