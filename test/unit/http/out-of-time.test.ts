import { expect, test } from 'vitest';
import { createPipeline } from '../../../functions/http/pipeline.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { apiEvent, bodyBytes, lambdaContext } from '../../harness/http/api-event.ts';

const answerOutOfTime = async (headers: Readonly<Record<string, string>>) => {
  const handler = createPipeline({
    answer: () => new Promise(() => {}),
    corsOrigins: ['*'],
    corsHeaders: [],
  });
  const context = {
    ...lambdaContext(),
    getRemainingTimeInMillis: () => limits.answerBeforeTimeoutMs + 1,
  };
  const event = apiEvent({ method: 'PUT', path: '/v1/post-42/likes', headers });
  const response = await handler(event, context);
  return { response, body: JSON.parse(bodyBytes(response).toString('utf8')) };
};

test('a function whose time runs out says that the outcome is unknown', async () => {
  const { response, body } = await answerOutOfTime({ 'idempotency-key': 'one' });
  expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
  expect(body).toMatchObject({ code: 'outcome_unknown' });
});

test('a client that repeats by itself is not told to when that could count twice', async () => {
  const { response, body } = await answerOutOfTime({});
  expect(response.statusCode).toBe(503);
  expect(response.headers).not.toHaveProperty('retry-after');
  expect(body).toMatchObject({ code: 'outcome_unknown' });
});
