import { expect, test } from 'vitest';
import { behindEdge } from '../../../functions/http/behind-edge.ts';
import { edgeHeaders } from '../../../functions/http/edge-headers.ts';
import { createPipeline } from '../../../functions/http/pipeline.ts';
import { json } from '../../../functions/http/responses.ts';
import { apiEvent, bodyBytes, lambdaContext } from '../../harness/http/api-event.ts';

const secrets = ['the-new-secret', 'the-old-secret'];
/** Who calls the API: behind CloudFront, one of its servers. */
const connection = '192.0.2.1';

/** A function that answers with the address that it sees. */
async function ask(headers: Record<string, string>, accepted: readonly string[] = secrets) {
  const handler = behindEdge(
    createPipeline({
      answer: async ({ requestContext }) => json(200, { address: requestContext.http.sourceIp }),
      corsOrigins: ['*'],
      corsHeaders: [],
    }),
    accepted,
  );
  const event = apiEvent({ method: 'GET', path: '/', headers, address: connection });
  const response = await handler(event, lambdaContext());
  return { status: response.statusCode, body: JSON.parse(bodyBytes(response).toString()) };
}

test.each([
  [{}],
  [{ [edgeHeaders.originSecret]: '' }],
  [{ [edgeHeaders.originSecret]: 'guessed' }],
  [{ [edgeHeaders.originSecret]: secrets.join() }],
  [{ [edgeHeaders.viewerAddress]: '203.0.113.9:443' }],
])('a request to the API itself is refused, whatever it claims: %j', async (headers) => {
  const { status, body } = await ask(headers);
  expect(status).toBe(403);
  expect(body).toMatchObject({ code: 'not_through_edge' });
});

test.each(secrets)(
  'a request with %s, the secret of now or before, is answered',
  async (secret) => {
    expect((await ask({ [edgeHeaders.originSecret]: secret })).status).toBe(200);
  },
);

test.each([
  ['203.0.113.9:46532', '203.0.113.9'],
  ['2001:db8::8:46532', '2001:db8::8'],
  ['[2001:db8::8]:443', '2001:db8::8'],
  [undefined, connection],
])('behind CloudFront, %s is the caller %s', async (viewer, address) => {
  const headers = {
    [edgeHeaders.originSecret]: secrets[0] ?? '',
    ...(viewer === undefined ? {} : { [edgeHeaders.viewerAddress]: viewer }),
  };
  expect((await ask(headers)).body).toEqual({ address });
});

test('without CloudFront in front nobody can name an address of its own', async () => {
  const headers = {
    [edgeHeaders.viewerAddress]: '203.0.113.9:443',
    [edgeHeaders.originSecret]: '',
  };
  expect(await ask(headers, [])).toEqual({ status: 200, body: { address: connection } });
});
