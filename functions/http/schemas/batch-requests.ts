/** What a batch sends. */
import * as v from 'valibot';
import { strictObject } from '../../counters/strict-object.ts';
import { limits } from '../../rules/limits.ts';
import { isName, isReservedSubject, nameRule } from '../../rules/names.ts';
import { describeBadToken, parseToken } from '../../rules/tokens.ts';
import { windowKinds } from '../../rules/windows.ts';
import { amount } from './schema-parts.ts';

const batchSubject = {
  subject: v.pipe(
    v.string(),
    v.check(isName, `must be ${nameRule}`),
    v.check((name) => !isReservedSubject(name), 'is a reserved name'),
  ),
  counter: v.string(),
};

/** One read or change. */
export const batchItem = v.variant('action', [
  strictObject({
    ...batchSubject,
    action: v.literal('read'),
    window: v.optional(v.picklist(windowKinds)),
  }),
  strictObject({
    ...batchSubject,
    action: v.picklist(['increment', 'decrement']),
    amount,
    idempotency_key: v.optional(
      v.pipe(
        v.string(),
        v.check(
          (text) => parseToken(text) !== undefined,
          ({ input }) => describeBadToken(input),
        ),
      ),
    ),
  }),
]);

export const batchBody = strictObject({
  items: v.pipe(v.array(batchItem), v.maxLength(limits.batchItems)),
});
