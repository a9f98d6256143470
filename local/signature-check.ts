/**
 * Checks an AWS Signature Version 4, as AWS does with the requests of a function. It signs the request
 * again, with the headers that the caller has signed, and compares.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { EngineAccess } from './engine-access.ts';

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type SignatureCheck = (request: SignedRequest) => Promise<boolean>;

/** AWS refuses older signatures, and newer ones. */
const clockSkewMs = 5 * 60_000;
const payloadHashHeader = 'x-amz-content-sha256';

export function createSignatureCheck({
  service,
  access,
  now,
}: {
  service: string;
  access: EngineAccess;
  now: () => number;
}): SignatureCheck {
  return async ({ method, path, headers, body }) => {
    const claim = parseAuthorization(headers.authorization ?? '');
    const signedAt = parseDate(headers['x-amz-date']);
    if (claim === undefined || signedAt === undefined) return false;
    if (Math.abs(now() - signedAt.getTime()) > clockSkewMs) return false;
    if (!claim.signedHeaders.includes('host')) return false;
    const signer = new SignatureV4({
      ...access,
      service,
      sha256: Sha256,
      // With the header, its value is computed from the body and not taken from the caller.
      applyChecksum: claim.signedHeaders.includes(payloadHashHeader),
    });
    const signed = await signer.sign(
      {
        method,
        protocol: 'http:',
        hostname: '',
        path,
        headers: headersNamed(claim.signedHeaders, headers),
        body,
      },
      { signingDate: signedAt },
    );
    const expected = parseAuthorization(signed.headers.authorization ?? '');
    return expected !== undefined && isSame(claim, expected);
  };
}

interface Claim {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function parseAuthorization(text: string): Claim | undefined {
  const [, credential, signedHeaders, signature] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})$/.exec(
      text,
    ) ?? [];
  return credential === undefined || signedHeaders === undefined || signature === undefined
    ? undefined
    : { credential, signedHeaders: signedHeaders.split(';'), signature };
}

/** The date of a header such as `20261121T093000Z`. */
function parseDate(text: string | string[] | undefined): Date | undefined {
  const iso = String(text).replace(
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
    '$1-$2-$3T$4:$5:$6Z',
  );
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function headersNamed(
  names: readonly string[],
  headers: IncomingHttpHeaders,
): Record<string, string> {
  return Object.fromEntries(
    names.filter((name) => name !== payloadHashHeader).map((name) => [name, String(headers[name])]),
  );
}

function isSame(claim: Claim, expected: Claim): boolean {
  return (
    claim.credential === expected.credential &&
    claim.signedHeaders.join() === expected.signedHeaders.join() &&
    timingSafeEqual(Buffer.from(claim.signature), Buffer.from(expected.signature))
  );
}
