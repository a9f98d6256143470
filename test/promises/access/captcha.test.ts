/** Newcomers that solve the captcha of a provider, which a stand-in on this machine plays. */
import { afterEach, describe, expect, test } from 'vitest';
import { get } from '../../harness/access/callers.ts';
import {
  type CaptchaProvider,
  type Fault,
  startCaptchaProvider,
} from '../../harness/access/captcha-provider.ts';
import { createTallyUnderTest, type TallyOptions } from '../../harness/tally-under-test.ts';

const secret = 'the secret of the site';
const good = ['solution-1', 'solution-2', 'solution-3'];
const forVisitors = { read: 'public', write: 'visitor' } as const;

let started: CaptchaProvider | undefined;
afterEach(() => started?.stop());

async function createTally(
  type: 'turnstile' | 'hcaptcha',
  challenge: Partial<TallyOptions['challenge']> = {},
) {
  const provider = await startCaptchaProvider({ secret, good });
  started = provider;
  const tally = await createTallyUnderTest({
    counters: { likes: { kind: 'count', access: forVisitors } },
    settings: { visitors: { challenge: { type, siteKey: 'public-key' }, passHours: 2 } },
    challenge: { secret, url: provider.url, ...challenge },
  });
  const ask = (body: unknown = {}) => tally.send({ method: 'POST', path: '/v1/visitors', body });
  return { tally, provider, ask };
}

describe.each(['turnstile', 'hcaptcha'] as const)('with %s', (type) => {
  test('a newcomer is told what its widget needs, and gets a pass for its solution', async () => {
    const { tally, provider, ask } = await createTally(type);
    expect(await ask()).toMatchObject({
      status: 401,
      body: { code: 'challenge_required', challenge: { type, site_key: 'public-key' } },
    });
    expect(provider.forms).toEqual([]);
    const answer = await ask({ solution: 'solution-1' });
    expect(answer).toMatchObject({
      status: 201,
      body: { expires_at: '2096-02-29T01:00:00.000Z' },
    });
    expect(provider.forms.map((form) => Object.fromEntries(form))).toEqual([
      { secret, response: 'solution-1' },
    ]);
    const { pass } = answer.body as { pass: string };
    const like = { ...get('/v1/post-42/likes'), method: 'POST', body: { action: 'increment' } };
    const headers = { authorization: `Bearer ${pass}` };
    expect(await tally.send({ ...like, headers })).toMatchObject({ status: 200 });
  });

  test('each solution makes one visitor', async () => {
    const { ask } = await createTally(type);
    const visitors = new Set<string>();
    for (const solution of good) {
      visitors.add(((await ask({ solution })).body as { visitor: string }).visitor);
    }
    expect(visitors.size).toBe(3);
    expect(await ask({ solution: 'solution-1' })).toMatchObject({
      status: 401,
      body: { code: 'challenge_required' },
    });
  });

  test('a wrong solution gets no pass', async () => {
    const { ask } = await createTally(type);
    for (const solution of ['made up', '', 'solution-1&secret=x']) {
      expect(await ask({ solution })).toMatchObject({
        status: 401,
        body: { code: 'challenge_required', challenge: { type } },
      });
    }
  });
});

test.each<Fault>(['hangs up', 'not JSON', 'another shape', '500', 'redirects', 'silent'])(
  'a provider that %s leaves nobody let in, and the caller knows that it may try again',
  async (fault) => {
    const { tally, provider, ask } = await createTally('turnstile');
    provider.fault = fault;
    expect(await ask({ solution: 'solution-1' })).toMatchObject({
      status: 503,
      headers: { 'retry-after': expect.any(String) },
      body: { code: 'challenge_unavailable' },
    });
    expect(tally.errors.map(({ name }) => name)).toEqual(['ChallengeUnavailableError']);
    provider.fault = undefined;
    expect(await ask({ solution: 'solution-2' })).toMatchObject({ status: 201 });
  },
);

test('a wrong secret of the deployment is told to its operator, not to newcomers', async () => {
  const { tally, ask } = await createTally('hcaptcha', { secret: 'of another site' });
  const answer = await ask({ solution: 'solution-1' });
  expect(answer).toMatchObject({ status: 503, body: { code: 'challenge_unavailable' } });
  expect(JSON.stringify(answer)).not.toContain('secret');
  expect(tally.errors.map(({ message }) => message)).toEqual([
    'hcaptcha answers invalid-input-secret',
  ]);
});

test('a function without the secret does not start', async () => {
  await expect(createTally('turnstile', { secret: undefined })).rejects.toThrow(
    /TALLY_CHALLENGE_SECRET/,
  );
});
