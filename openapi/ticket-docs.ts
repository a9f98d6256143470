import { emptyBody } from '../functions/http/schemas/counter-requests.ts';
import { ticketAnswer } from '../functions/http/schemas/write-answers.ts';
import { content, type OperationDocs } from './operation-doc.ts';

export const ticketDocs = {
  drawTicket: {
    tag: 'Tickets',
    summary: 'Draw the next number',
    description:
      'Numbers have no duplicates, and no gaps unless the counter allows them. They start again with each business day of the subject. The same `Idempotency-Key` always gets the same number. An error means that no number was drawn, except for `outcome_unknown`: then send the same Idempotency-Key again. Where gaps are allowed, any 503 may have lost a number.',
    requestHeaders: ['Idempotency-Key'],
    body: content(emptyBody, {}),
    answers: {
      201: {
        description: 'The number.',
        headers: ['Idempotency-Replayed'],
        content: {
          'application/json': content(ticketAnswer, { number: 17, day: '2026-11-21', shift: 1 }),
        },
      },
    },
    problems: ['wrong_kind', 'contended', 'outcome_unknown', 'unavailable'],
  },
} satisfies OperationDocs;
