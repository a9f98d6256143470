import { returnBody, takeBody } from '../functions/http/schemas/counter-requests.ts';
import { limitAnswer } from '../functions/http/schemas/read-answers.ts';
import { content, type OperationDocs } from './operation-doc.ts';

const example = { allowed: true, remaining: 99, retry_after_ms: 0 };

export const limitDocs = {
  takeFromLimit: {
    tag: 'Limits',
    summary: 'Take from a limit, if there is room',
    description:
      'Answers 200 whether there was room or not: see `allowed`. A retry takes again, so it has no `Idempotency-Key`. After a 503 something may have been taken: take again. Callers with write but not read access are not told what remains.',
    body: content(takeBody, { cost: 1 }),
    answers: {
      200: {
        description: 'Whether the cost was taken, and when there is room for it if it was not.',
        content: { 'application/json': content(limitAnswer, example) },
      },
    },
    problems: [
      'wrong_kind',
      'invalid_cost',
      'invalid_idempotency_key',
      'contended',
      'outcome_unknown',
      'unavailable',
    ],
  },
  returnToLimit: {
    tag: 'Limits',
    summary: 'Give back what was taken and not used',
    description:
      'There is never more room than the burst of the limit. It is sent to the database once; after a 503 `outcome_unknown` do not repeat it: the room comes back by itself. Callers with write but not read access are not told what remains.',
    body: content(returnBody, { cost: 1 }),
    answers: {
      200: {
        description: 'The room that there is now; `allowed` says whether one unit can be taken.',
        content: { 'application/json': content(limitAnswer, { ...example, remaining: 100 }) },
      },
    },
    problems: [
      'wrong_kind',
      'invalid_cost',
      'invalid_idempotency_key',
      'outcome_unknown',
      'unavailable',
    ],
  },
} satisfies OperationDocs;
