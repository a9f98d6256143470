/** The requests that these tests send, and what comes back. */
import { expect } from 'vitest';
import { admin } from '../access/callers.ts';
import type { Answer, Instance } from '../tally-under-test.ts';

export interface Ticket {
  readonly number: number;
  readonly day: string;
  readonly shift: number;
}

type Sender = Pick<Instance, 'send'>;

const tokenHeader = (token: string | undefined) =>
  token === undefined ? {} : { 'idempotency-key': token };

/** @param book `subject/counter` */
export const draw = (tally: Sender, book: string, token?: string): Promise<Answer> =>
  tally.send({ method: 'POST', path: `/v1/${book}/tickets`, headers: tokenHeader(token) });

/** Draws with an API key, so that the idempotency key is in one space with those of resets. */
export const drawAsServer = (tally: Sender, book: string, token: string): Promise<Answer> =>
  tally.send({
    method: 'POST',
    path: `/v1/${book}/tickets`,
    headers: { ...admin, ...tokenHeader(token) },
  });

/** Draws as a client should: again with the same token while it is told to come back later. */
export async function drawUntilTaken(tally: Sender, book: string, token: string): Promise<Answer> {
  const answer = await draw(tally, book, token);
  return answer.status === 503 ? drawUntilTaken(tally, book, token) : answer;
}

/** @param counter `subject/counter` */
export const reset = (tally: Sender, counter: string, token?: string): Promise<Answer> =>
  tally.send({
    method: 'POST',
    path: `/v1/${counter}/reset`,
    headers: { ...admin, ...tokenHeader(token) },
  });

export const readHistory = (
  tally: Sender,
  counter: string,
  query: Readonly<Record<string, string>>,
): Promise<Answer> => tally.send({ method: 'GET', path: `/v1/${counter}/history`, query });

export const putSettings = (tally: Sender, subject: string, body: unknown): Promise<Answer> =>
  tally.send({ method: 'PUT', path: `/v1/${subject}/settings`, headers: admin, body });

export const sendBatch = (
  tally: Sender,
  items: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => tally.send({ method: 'POST', path: '/v1/batch', headers, body: { items } });

export function ticketOf({ status, body }: Answer): Ticket {
  expect({ status, body }).toMatchObject({ status: 201 });
  return body as Ticket;
}

export const countOf = ({ body }: Answer): number => (body as { count: number }).count;

export const wasReplayed = ({ headers }: Answer): boolean =>
  headers['idempotency-replayed'] === 'true';

/** Expects all numbers from the first on, each once. */
export function expectGapFree(numbers: readonly number[], first = 1): void {
  expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, index) => first + index));
}
