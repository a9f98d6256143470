/** HTTP operations on tickets. */
import type { Counters } from '../../counters/counters.ts';
import { tokenWithSender } from '../authorise.ts';
import type { Operation } from '../operation.ts';
import { requireKind } from '../parse-names.ts';
import { inputOf } from '../request-input.ts';
import { acceptedOrThrow, json, writeHeaders } from '../responses.ts';

export function createTicketOperations({ tickets }: Counters) {
  const drawTicket: Operation = async (request) => {
    const counter = requireKind(request.counter(), 'ticket');
    const { token } = inputOf(request, { token: true });
    const answer = acceptedOrThrow(
      await tickets.draw(counter, await tokenWithSender(request, token)),
    );
    const { number, day, shift } = answer;
    return json(201, { number, day, shift }, writeHeaders(answer));
  };

  return { drawTicket };
}
