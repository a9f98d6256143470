import { expect, test } from 'vitest';
import { createSignatureCheck } from '../../../local/signature-check.ts';
import { engineAccess } from '../../harness/engine/test-engine.ts';
import { signRequest } from '../../harness/live/sign-request.ts';

const now = new Date('2026-11-21T09:30:00Z');
const [host, path, body] = ['localhost:8787', '/event', '{"channel":"/counters/a"}'];
const check = createSignatureCheck({
  service: 'appsync',
  access: engineAccess,
  now: () => now.getTime(),
});

type Signing = Partial<Parameters<typeof signRequest>[0]>;
type Received = Partial<Parameters<typeof check>[0]>;

async function isAccepted(signing: Signing = {}, received: Received = {}): Promise<boolean> {
  const headers = await signRequest({ host, path, body, signedAt: now, ...signing });
  return check({ method: 'POST', path, headers, body: Buffer.from(body), ...received });
}

const minutes = (count: number) => new Date(now.getTime() + count * 60_000);

test('what a function signs is accepted, for some minutes', async () => {
  expect(await isAccepted()).toBe(true);
  expect(await isAccepted({ signedAt: minutes(-5) })).toBe(true);
  expect(await isAccepted({ signedAt: minutes(5) })).toBe(true);
});

const withSecret = (secretAccessKey: string) => ({
  ...engineAccess,
  credentials: { ...engineAccess.credentials, secretAccessKey },
});

test.each<[string, Signing, Received]>([
  ['with another secret', { access: withSecret('guessed') }, {}],
  [
    'by another access key',
    {
      access: { ...engineAccess, credentials: { accessKeyId: 'other', secretAccessKey: 'local' } },
    },
    {},
  ],
  ['for another service', { service: 'dynamodb' }, {}],
  ['for another region', { access: { ...engineAccess, region: 'eu-west-1' } }, {}],
  ['too long ago', { signedAt: minutes(-6) }, {}],
  ['in the future', { signedAt: minutes(6) }, {}],
  ['for another body', {}, { body: Buffer.from('{"channel":"/counters/b"}') }],
  ['for another path', {}, { path: '/event/realtime' }],
  ['for another method', {}, { method: 'PUT' }],
])('a request that was signed %s is refused', async (_name, signing, received) => {
  expect(await isAccepted(signing, received)).toBe(false);
});

test('a header that was signed cannot be changed, and one that holds the hash of the body is not believed', async () => {
  const signed = await signRequest({ host, path, body, signedAt: now });
  const answers = await Promise.all(
    [{ host: 'other' }, { 'x-amz-date': '20261121T093001Z' }].map((change) =>
      isAccepted({}, { headers: { ...signed, ...change } }),
    ),
  );
  expect(answers).toEqual([false, false]);
  const changed = { headers: signed, body: Buffer.from('{}') };
  expect(signed['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
  expect(await isAccepted({}, changed)).toBe(false);
});

test.each([
  [undefined],
  [''],
  ['Bearer x'],
  [
    'AWS4-HMAC-SHA256 Credential=local/20261121/local/appsync/aws4_request, SignedHeaders=, Signature=',
  ],
])('the authorization %j is refused', async (authorization) => {
  const headers = { host, 'x-amz-date': '20261121T093000Z', authorization };
  expect(await isAccepted({}, { headers })).toBe(false);
});
