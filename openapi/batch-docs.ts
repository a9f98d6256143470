import { batchBody } from '../functions/http/schemas/batch-requests.ts';
import { batchAnswer } from '../functions/http/schemas/combined-answers.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, countForReaders, type OperationDocs, updatedAt } from './operation-doc.ts';

export const batchDocs = {
  runBatch: {
    tag: 'Counters',
    summary: 'Read and change many counters in one request',
    description: `Up to ${limits.batchItems} items, each with its own result: an item that fails does not fail the others. They run at the same time, in no order. Counters of every kind can be read; only counts can be changed. ${countForReaders}`,
    requestHeaders: ['Prefer'],
    body: content(batchBody, {
      items: [
        { subject: 'post-42', counter: 'counter', action: 'read' },
        { subject: 'post-42', counter: 'reactions', action: 'read' },
        {
          subject: 'post-42',
          counter: 'views',
          action: 'increment',
          idempotency_key: '8e03978e-40d5-43e8-bc93-6894a57f9324',
        },
      ],
    }),
    answers: {
      200: {
        description: 'A result for each item. Some may be problems.',
        content: {
          'application/json': content(batchAnswer, {
            results: [
              { status: 200, count: 811, version: 903, updated_at: updatedAt },
              {
                status: 200,
                count: 3,
                choices: { like: 1, love: 2 },
                version: 4,
                updated_at: updatedAt,
              },
              { status: 200, count: 5120, version: 61, updated_at: updatedAt, pending: true },
            ],
          }),
        },
      },
    },
    problems: ['invalid_items', 'too_many_items', 'invalid_idempotency_key'],
  },
} satisfies OperationDocs;
