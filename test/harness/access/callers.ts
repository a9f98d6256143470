/** Callers: API keys and passes, made as an operator and a server make them, and visitors. */
import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import { createDynamoApiKeyStore } from '../../../functions/dynamo/dynamo-api-key-store.ts';
import { createDynamoClients } from '../../../functions/dynamo/dynamo-clients.ts';
import type { Scope } from '../../../functions/rules/scopes.ts';
import type { TestTable } from '../engine/test-table.ts';
import type { ApiRequest } from '../http/api-event.ts';
import type { Answer, Instance } from '../tally-under-test.ts';

export const adminKey = 'tally_admin_0123456789abcdefghij';

export type Headers = Readonly<Record<string, string>>;

export const bearer = (credential: string): Headers => ({ authorization: `Bearer ${credential}` });
export const admin = bearer(adminKey);
export const nobody: Headers = {};

type Tally = Pick<Instance, 'send'>;

export interface MadeKey {
  readonly id: string;
  readonly key: string;
  readonly headers: Headers;
}

export async function makeKey(
  tally: Tally,
  scopes: readonly Scope[],
  callsPerMinute?: number,
): Promise<MadeKey> {
  const answer = await tally.send({
    method: 'POST',
    path: '/v1/keys',
    headers: admin,
    body: { scopes, ...(callsPerMinute && { calls_per_minute: callsPerMinute }) },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer));
  const { id, key } = answer.body as { id: string; key: string };
  return { id, key, headers: bearer(key) };
}

/** Puts keys that nobody holds into a table. */
export async function storeKeys({ endpoint, tableName }: TestTable, count: number): Promise<void> {
  const store = createDynamoApiKeyStore({ clients: createDynamoClients(endpoint), tableName });
  const ids = Array.from({ length: count }, (_, index) => `k${index}`);
  const key = { secretHash: Buffer.alloc(32), scopes: [], callsPerMinute: undefined };
  await pLimit(20).map(ids, (id) => store.create({ ...key, id, createdAtMs: 0 }));
}

export interface PassBody {
  readonly member: string;
  readonly actions: readonly string[];
  readonly subject: string;
  readonly counters?: readonly string[];
  readonly expires_in_seconds?: number;
}

/** Asks for a pass as the caller that the headers name. */
export const askForPass = (tally: Tally, headers: Headers, body: PassBody): Promise<Answer> =>
  tally.send({ method: 'POST', path: '/v1/passes', headers, body });

/** @returns the headers of a browser that has the pass */
export async function makePass(tally: Tally, headers: Headers, body: PassBody): Promise<Headers> {
  const answer = await askForPass(tally, headers, body);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer));
  return bearer((answer.body as { pass: string }).pass);
}

export interface Question {
  readonly seed: string;
  readonly bits: number;
}

/** A solution of a proof of work. */
export function solve({ seed, bits }: Question): string {
  for (let attempt = 0; ; attempt++) {
    const solution = `${seed}:${attempt}`;
    const digest = createHash('sha256').update(solution).digest('hex');
    const bitsOfDigest = BigInt(`0x${digest}`).toString(2).padStart(256, '0');
    if (bitsOfDigest.startsWith('0'.repeat(bits))) return solution;
  }
}

export interface MadeVisitor {
  readonly visitor: string;
  readonly pass: string;
  readonly headers: Headers;
}

/** Becomes a visitor as a browser does: asks, solves, and asks again. */
export async function becomeVisitor(tally: Tally, address?: string): Promise<MadeVisitor> {
  const send = (body: unknown) =>
    tally.send({ method: 'POST', path: '/v1/visitors', body, ...(address && { address }) });
  const { body } = await send({});
  const answer = await send({ solution: solve((body as { challenge: Question }).challenge) });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer));
  const { pass, visitor } = answer.body as { pass: string; visitor: string };
  return { pass, visitor, headers: bearer(pass) };
}

export const revoke = (tally: Tally, id: string): Promise<Answer> =>
  tally.send({ method: 'DELETE', path: `/v1/keys/${id}`, headers: admin });

export const get = (path: string, headers: Headers = nobody): ApiRequest => ({
  method: 'GET',
  path,
  headers,
});

export const increment = (path: string, headers: Headers = nobody): ApiRequest => ({
  method: 'PUT',
  path,
  headers,
  body: { action: 'increment' },
});
