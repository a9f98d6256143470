/**
 * Publishes to AppSync Events over HTTP, signed with the function's own role: nobody else may.
 * https://docs.aws.amazon.com/appsync/latest/eventapi/publish-http.html
 */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { limits } from '../rules/limits.ts';

export interface LiveMessage {
  readonly channel: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Publish = (message: LiveMessage) => Promise<void>;

/**
 * @param endpoint the event API's `https://…/event`
 * @param variables the environment, with the role's credentials as Lambda sets them
 * @returns a function that throws if the message was not taken
 */
export function createPublisher({
  endpoint,
  region,
  variables,
}: {
  endpoint: string;
  region: string;
  variables: Readonly<Record<string, string | undefined>>;
}): Publish {
  const url = new URL(endpoint);
  const sessionToken = variables.AWS_SESSION_TOKEN;
  const signer = new SignatureV4({
    service: 'appsync',
    region,
    sha256: Sha256,
    credentials: {
      accessKeyId: variables.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? '',
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
  });
  return async ({ channel, body }) => {
    const signed = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname,
      headers: { 'content-type': 'application/json', host: url.host },
      body: JSON.stringify({ channel, events: [JSON.stringify(body)] }),
    });
    const response = await fetch(url, {
      method: 'POST',
      headers: signed.headers,
      body: signed.body,
      signal: AbortSignal.timeout(limits.publishMs),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`AppSync answered ${response.status}: ${text}`);
  };
}
