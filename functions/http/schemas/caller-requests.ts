/** What requests for API keys and passes send. */
import * as v from 'valibot';
import {
  callsPerMinute,
  counterNames,
  passActions,
  scopesOf,
  subjectPattern,
} from '../../access/key-schemas.ts';
import { strictObject } from '../../counters/strict-object.ts';
import { limits } from '../../rules/limits.ts';
import { isName, isReservedMember, nameRule } from '../../rules/names.ts';

export const keyBody = strictObject({
  scopes: scopesOf(),
  calls_per_minute: v.optional(callsPerMinute),
});

export const passBody = strictObject({
  member: v.pipe(
    v.string(),
    v.check(isName, `must be ${nameRule}`),
    v.check((name) => !isReservedMember(name), 'is a reserved name'),
    v.description('The visitor it is for. The pass acts as this member and user only.'),
  ),
  actions: passActions,
  subject: subjectPattern,
  counters: v.optional(counterNames),
  expires_in_seconds: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(limits.passSecondsMax)),
    3600,
  ),
});

export const visitorBody = strictObject({
  solution: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(limits.solutionLength),
      v.description(
        'For a proof of work: the `seed`, a colon and any text, so that the SHA-256 of it all (UTF-8) begins with `bits` zero bits. For a captcha: what its widget returns.',
      ),
    ),
  ),
});
