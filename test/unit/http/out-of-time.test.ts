import { expect, test } from 'vitest';
import { createPipeline } from '../../../functions/http/pipeline.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { apiEvent, bodyBytes, lambdaContext } from '../../harness/http/api-event.ts';

test('a function whose time runs out says that the outcome is unknown', async () => {
  const handler = createPipeline({ answer: () => new Promise(() => {}), corsOrigins: ['*'] });
  const context = {
    ...lambdaContext(),
    getRemainingTimeInMillis: () => limits.answerBeforeTimeoutMs + 1,
  };
  const response = await handler(apiEvent({ method: 'PUT', path: '/v1/post-42/likes' }), context);
  expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
  expect(JSON.parse(bodyBytes(response).toString('utf8'))).toMatchObject({
    code: 'outcome_unknown',
  });
});
