/**
 * A stand-in for the provider of a captcha, which speaks the protocol of Turnstile and hCaptcha: a form
 * with `secret` and `response`, posted to `siteverify`, and a verdict in JSON. It takes each solution once.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How it fails, if it does. */
export type Fault = 'silent' | 'hangs up' | 'not JSON' | 'another shape' | '500' | 'redirects';

export interface CaptchaProvider {
  readonly url: string;
  /** The forms that came. */
  readonly forms: URLSearchParams[];
  fault: Fault | undefined;
  stop(): Promise<void>;
}

/** @param options.good solutions that are right */
export async function startCaptchaProvider({
  secret,
  good,
}: {
  secret: string;
  good: readonly string[];
}): Promise<CaptchaProvider> {
  const unused = new Set(good);
  const forms: URLSearchParams[] = [];

  function verdictOn(form: URLSearchParams) {
    const solution = form.get('response') ?? '';
    if (form.get('secret') !== secret) return refusal('invalid-input-secret');
    if (!good.includes(solution)) return refusal('invalid-input-response');
    if (!unused.delete(solution)) return refusal('timeout-or-duplicate');
    return { success: true, 'error-codes': [], hostname: 'example.com' };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    if (request.method !== 'POST' || !isForm) {
      response.writeHead(400).end();
      return;
    }
    const chunks = await request.toArray();
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    forms.push(form);
    const verdict = JSON.stringify(verdictOn(form));
    if (provider.fault) fail(response, provider.fault);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(verdict);
  }

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const provider: CaptchaProvider = {
    url: `http://127.0.0.1:${port}/siteverify`,
    forms,
    fault: undefined,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return provider;
}

const refusal = (code: string) => ({ success: false, 'error-codes': [code] });

function fail(response: ServerResponse, fault: Fault): void {
  switch (fault) {
    case 'silent':
      return;
    case 'hangs up':
      response.destroy();
      return;
    case 'not JSON':
      response.writeHead(200).end('<html>');
      return;
    case 'another shape':
      response.writeHead(200).end('{"ok":true}');
      return;
    case '500':
      response.writeHead(500).end('{}');
      return;
    case 'redirects':
      response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
  }
}
