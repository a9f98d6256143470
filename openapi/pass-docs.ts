import { passAnswer } from '../functions/http/schemas/caller-answers.ts';
import { passBody } from '../functions/http/schemas/caller-requests.ts';
import { content, type OperationDocs, updatedAt } from './operation-doc.ts';

export const passDocs = {
  createPass: {
    tag: 'Keys',
    summary: "Create a pass for a visitor's browser",
    description:
      'A pass is sent like an API key, or as `?access_token=` where a browser cannot send headers. It acts as one member, gives no more than the API key it was made with, and counts towards its `calls_per_minute`.',
    body: content(passBody, {
      member: 'ana',
      actions: ['read', 'write'],
      subject: 'post-42',
      counters: ['reactions'],
      expires_in_seconds: 3600,
    }),
    answers: {
      201: {
        description: 'The pass.',
        content: {
          'application/json': content(passAnswer, {
            pass: 'pass_claims.signature',
            expires_at: updatedAt,
          }),
        },
      },
    },
    problems: ['invalid_member', 'invalid_subject', 'invalid_pass', 'unavailable'],
  },
} satisfies OperationDocs;
