/** What somebody without an API key can send, again and again, to change counts or to cost money. */
import type { ApiRequest } from '../../test/harness/http/api-event.ts';

export interface Attack {
  readonly name: string;
  readonly servedBy: 'read' | 'write';
  /** @param invent makes up a name; there are many, but not so many that the simulation runs out of memory */
  readonly request: (invent: () => string, atMs: number) => ApiRequest;
}

const increment = { action: 'increment' };
const batchItems = 100;
const dayMs = 86_400_000;
const hourMs = 3_600_000;

const hourOf = (ms: number): string => new Date(ms).toISOString().slice(0, 13);

export const anonymousAttacks: readonly Attack[] = [
  {
    name: 'add 1',
    servedBy: 'write',
    request: () => ({ method: 'POST', path: '/v1/post-42/counter', body: increment }),
  },
  {
    name: 'add 1, with idempotency keys',
    servedBy: 'write',
    request: (invent) => ({
      method: 'POST',
      path: '/v1/post-42/counter',
      headers: { 'idempotency-key': `${invent()}${invent()}${invent()}` },
      body: increment,
    }),
  },
  {
    name: 'add a billion',
    servedBy: 'write',
    request: () => ({
      method: 'POST',
      path: '/v1/post-42/counter',
      body: { ...increment, amount: 1_000_000_000 },
    }),
  },
  {
    name: 'views of invented subjects',
    servedBy: 'write',
    request: (invent) => ({ method: 'POST', path: `/v1/${invent()}/views`, body: increment }),
  },
  {
    name: 'batches of 100 views',
    servedBy: 'write',
    request: (invent) => ({
      method: 'POST',
      path: '/v1/batch',
      body: {
        items: Array.from({ length: batchItems }, () => ({
          subject: invent(),
          counter: 'views',
          ...increment,
        })),
      },
    }),
  },
  {
    name: 'reactions of invented members',
    servedBy: 'write',
    request: (invent) => ({
      method: 'PUT',
      path: `/v1/post-42/reactions/members/${invent()}`,
      body: { choice: 'like' },
    }),
  },
  {
    name: 'visits of invented visitors',
    servedBy: 'write',
    request: (invent) => ({ method: 'PUT', path: `/v1/post-42/visitors/members/${invent()}` }),
  },
  {
    name: 'listening to invented subjects',
    servedBy: 'write',
    request: (invent) => ({ method: 'GET', path: `/v1/${invent()}/counter/live` }),
  },
  {
    name: 'reads of a count',
    servedBy: 'read',
    request: () => ({ method: 'GET', path: '/v1/post-42/counter' }),
  },
  {
    name: 'histories of 40 days by the hour',
    servedBy: 'read',
    request: (_invent, atMs) => ({
      method: 'GET',
      path: '/v1/post-42/views/history',
      query: { window: 'hour', from: hourOf(atMs - 40 * dayMs), to: hourOf(atMs - hourMs) },
    }),
  },
];
