/** HTTP operations on limits. */
import type { Counters } from '../../counters/counters.ts';
import type { LimitAnswer } from '../../counters/limit.ts';
import { mayRead } from '../authorise.ts';
import { limitJson } from '../counter-answers.ts';
import { bodyOf, type HttpRequest, optionalBodyOf } from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { requireKind } from '../parse-names.ts';
import { Problem } from '../problem.ts';
import { acceptedOrThrow, type HttpResponse, json } from '../responses.ts';
import { returnBody, takeBody } from '../schemas.ts';

export function createLimitOperations({ limits }: Counters) {
  /** How much is left is for readers; whether it is enough is the answer to every take. */
  async function limitResponse(request: HttpRequest, answer: LimitAnswer): Promise<HttpResponse> {
    const { remaining, ...others } = limitJson(answer);
    const canRead = await mayRead(request, request.counter());
    return json(200, canRead ? { remaining, ...others } : others);
  }

  const takeFromLimit: Operation = async (request) => {
    const limit = requireKind(request.counter(), 'limit');
    refuseToken(request);
    const { cost = 1 } = optionalBodyOf(request, takeBody);
    return limitResponse(request, acceptedOrThrow(await limits.take(limit, cost)));
  };

  const returnToLimit: Operation = async (request) => {
    const limit = requireKind(request.counter(), 'limit');
    refuseToken(request);
    const { cost } = bodyOf(request, returnBody);
    return limitResponse(request, acceptedOrThrow(await limits.giveBack(limit, cost)));
  };

  return { takeFromLimit, returnToLimit };
}

/** A caller that sends one counts on what it does not get. @throws Problem idempotency_key_not_taken */
function refuseToken({ event }: HttpRequest): void {
  if (event.headers['idempotency-key'] === undefined) return;
  throw new Problem(
    'idempotency_key_not_taken',
    'A limit remembers no Idempotency-Key: the same request again takes again.',
  );
}
