/**
 * The body of a request. It is JSON whatever its Content-Type says, since people use plain `curl -d`; a
 * form with parts cannot be JSON.
 */
import { gunzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { limits } from '../rules/limits.ts';
import { quote } from '../rules/validation-messages.ts';
import type { Checked } from './check-input.ts';
import type { Mistake } from './mistake.ts';
import { Problem } from './problem.ts';

/** Runs for every request, even if its body is ignored. @throws Problem body_too_large */
export function checkBodySize({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): void {
  const bytes = Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes > limits.bodyBytes) throw tooLarge(`The body has ${bytes} bytes`);
}

const tooLarge = (what: string): Problem =>
  new Problem('body_too_large', `${what}; at most ${limits.bodyBytes} are allowed.`);

/** @returns undefined for an empty body @throws Problem body_too_large */
export function readBody(event: APIGatewayProxyEventV2): Checked<unknown> {
  const sent = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (sent.length === 0) return { ok: true, output: undefined };
  const type = event.headers['content-type'] ?? '';
  if (/^\s*multipart\//i.test(type)) {
    return wrong({
      code: 'unsupported_media_type',
      detail: `The body is ${quote(type)}; send JSON.`,
      place: { header: 'Content-Type' },
    });
  }
  const bytes = decode(sent, event.headers['content-encoding']);
  return bytes.ok ? parseJson(bytes.output) : bytes;
}

const wrong = (mistake: Mistake): { ok: false; mistakes: readonly Mistake[] } => ({
  ok: false,
  mistakes: [mistake],
});

function decode(sent: Buffer, header = ''): Checked<Buffer> {
  const encoding = header.trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return { ok: true, output: sent };
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    return wrong({
      code: 'unsupported_encoding',
      detail: `The body is encoded by ${quote(header)}; send it as it is, or by gzip.`,
      place: { header: 'Content-Encoding' },
    });
  }
  try {
    return { ok: true, output: gunzipSync(sent, { maxOutputLength: limits.bodyBytes }) };
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge('The body is larger once it is unpacked');
    }
    return wrongJson('is not gzip, as its Content-Encoding says');
  }
}

/** Bytes that are not UTF-8 are refused, or names would be stored that nobody sent. It skips a byte order mark. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(bytes: Buffer): Checked<unknown> {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return wrongJson('is not JSON: it is not UTF-8');
  }
  try {
    return { ok: true, output: JSON.parse(text) };
  } catch {
    if (text.trim() === '') return wrongJson('is empty');
    return wrongJson(`is not JSON; it begins with ${quote(text)}`);
  }
}

const wrongJson = (what: string) =>
  wrong({ code: 'invalid_json', detail: `The body ${what}.`, place: { pointer: '#' } });
