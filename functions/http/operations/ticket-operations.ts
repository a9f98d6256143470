/** HTTP operations on tickets. */
import type { Counters } from '../../counters/counters.ts';
import { tokenWithSender } from '../authorise.ts';
import { optionalBodyOf, tokenOf } from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { requireKind } from '../parse-names.ts';
import { acceptedOrThrow, json, writeHeaders } from '../responses.ts';
import { emptyBody } from '../schemas.ts';

export function createTicketOperations({ tickets }: Counters) {
  const drawTicket: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'ticket');
    optionalBodyOf(request, emptyBody);
    const token = await tokenWithSender(request, tokenOf(request));
    const answer = acceptedOrThrow(await tickets.draw(counter, token));
    const { number, day, shift } = answer;
    return json(201, { number, day, shift }, writeHeaders(answer));
  };

  return { drawTicket };
}
