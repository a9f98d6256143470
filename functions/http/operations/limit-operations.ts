/** HTTP operations on limits. */
import type { Counters } from '../../counters/counters.ts';
import type { LimitAnswer } from '../../counters/limit.ts';
import { mayRead } from '../authorise.ts';
import { limitJson } from '../counter-answers.ts';
import type { HttpRequest } from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { requireKind } from '../parse-names.ts';
import { inputOf } from '../request-input.ts';
import { acceptedOrThrow, type HttpResponse, json } from '../responses.ts';
import { returnBody, takeBody } from '../schemas/counter-requests.ts';

const notTaken = {
  refusal:
    'A limit remembers no Idempotency-Key: the same request again takes or gives back again.',
};

export function createLimitOperations({ limits }: Counters) {
  /** How much is left is for readers; whether it is enough is the answer to every take. */
  async function limitResponse(request: HttpRequest, answer: LimitAnswer): Promise<HttpResponse> {
    const { remaining, ...others } = limitJson(answer);
    const canRead = await mayRead(request, request.counter());
    return json(200, canRead ? { remaining, ...others } : others);
  }

  const takeFromLimit: Operation = async (request) => {
    const limit = requireKind(request.counter(), 'limit');
    const { body } = inputOf(request, { body: takeBody, token: notTaken });
    return limitResponse(request, acceptedOrThrow(await limits.take(limit, body.cost ?? 1)));
  };

  const returnToLimit: Operation = async (request) => {
    const limit = requireKind(request.counter(), 'limit');
    const { body } = inputOf(request, { body: returnBody, token: notTaken });
    return limitResponse(request, acceptedOrThrow(await limits.giveBack(limit, body.cost)));
  };

  return { takeFromLimit, returnToLimit };
}
