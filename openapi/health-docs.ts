import { healthAnswer } from '../functions/http/schemas/caller-answers.ts';
import { content, type OperationDocs } from './operation-doc.ts';

export const healthDocs = {
  checkHealth: {
    tag: 'Service',
    summary: 'Check that Tally is up',
    description: 'Answers 200 when the database answers.',
    answers: {
      200: {
        description: 'Tally is up.',
        content: { 'application/json': content(healthAnswer, { status: 'ok' }) },
      },
    },
    problems: ['unavailable'],
  },
} satisfies OperationDocs;
