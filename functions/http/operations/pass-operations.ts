/** HTTP operations on passes, which are made with an API key. */
import * as v from 'valibot';
import { counterNamesOf } from '../../access/key-schemas.ts';
import { signPass } from '../../access/passes.ts';
import type { CounterContext } from '../../counters/counter-context.ts';
import type { Counters } from '../../counters/counters.ts';
import { strictObject } from '../../counters/strict-object.ts';
import { isWithin } from '../../rules/scopes.ts';
import { requireCaller } from '../authorise.ts';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';
import { inputOf } from '../request-input.ts';
import { asTime, json } from '../responses.ts';
import { passBody } from '../schemas/caller-requests.ts';

export function createPassOperations(
  { secrets }: Pick<Counters, 'secrets'>,
  { config, now }: Pick<CounterContext, 'config' | 'now'>,
) {
  const newPass = strictObject({
    ...passBody.entries,
    counters: v.optional(counterNamesOf(config.counters)),
  });

  const createPass: Operation = async (request) => {
    const { body } = inputOf(request, { body: newPass });
    const scope = { actions: body.actions, subjects: [body.subject], counters: body.counters };
    const caller = await requireCaller(request);
    if (caller.member !== undefined || !isWithin(scope, caller.scopes)) {
      throw new Problem('forbidden', 'A pass gives no more than the API key that it is made with.');
    }
    const expiresAt = Math.floor(now() / 1000) + body.expires_in_seconds;
    const pass = signPass(
      { of: 'member', member: body.member, scope, expiresAt, key: caller.key },
      await secrets.now(),
    );
    return json(201, { pass, expires_at: asTime(expiresAt * 1000) });
  };

  return { createPass };
}
