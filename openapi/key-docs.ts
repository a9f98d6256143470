import { keyAnswer, keyList } from '../functions/http/schemas/caller-answers.ts';
import { keyBody } from '../functions/http/schemas/caller-requests.ts';
import { listQuery } from '../functions/http/schemas/counter-requests.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, type OperationDocs, updatedAt } from './operation-doc.ts';

export const keyDocs = {
  createKey: {
    tag: 'Keys',
    summary: 'Create an API key',
    description:
      'The answer is the only place where the API key is shown: the table holds a hash. It gives the rights in its scopes, and no others.',
    body: content(keyBody, {
      scopes: [{ actions: ['read', 'write'], subjects: ['resto-7'], counters: ['orders'] }],
      calls_per_minute: 600,
    }),
    answers: {
      201: {
        description: 'The API key.',
        content: {
          'application/json': content(keyAnswer, {
            id: '9f86d081884c7d65',
            key: 'tally_9f86d081884c7d65_example-secret-not-valid-anywhere',
          }),
        },
      },
    },
    problems: [
      'invalid_scopes',
      'invalid_calls_per_minute',
      'invalid_idempotency_key',
      'too_many_keys',
      'outcome_unknown',
      'unavailable',
    ],
  },
  listKeys: {
    tag: 'Keys',
    summary: 'List the API keys',
    description:
      'The scopes of each API key and the day of its last use, without its secret; in the order of their ids.',
    query: listQuery,
    answers: {
      200: {
        description: 'API keys.',
        content: {
          'application/json': content(keyList, {
            keys: [
              {
                id: '9f86d081884c7d65',
                scopes: [{ actions: ['read', 'write'], subjects: ['resto-7'] }],
                calls_per_minute: null,
                created_at: updatedAt,
                last_used_day: '2026-11-21',
              },
            ],
            next_cursor: null,
          }),
        },
      },
    },
    problems: ['invalid_limit', 'invalid_cursor', 'unavailable'],
  },
  revokeKey: {
    tag: 'Keys',
    summary: 'Revoke an API key',
    description: `It stops working everywhere within ${limits.keyCacheSeconds} seconds. Passes that were made with it work until they expire.`,
    answers: { 204: { description: 'Revoked.' } },
    problems: ['outcome_unknown', 'unavailable'],
  },
} satisfies OperationDocs;
