import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { engineAccess } from '../engine/test-engine.ts';

/** The headers of a POST, signed as AWS's clients do. */
export async function signRequest({
  host,
  path,
  body,
  service = 'appsync',
  access = engineAccess,
  signedAt = new Date(),
}: {
  host: string;
  path: string;
  body: string;
  service?: string;
  access?: typeof engineAccess;
  signedAt?: Date;
}): Promise<Record<string, string>> {
  const signer = new SignatureV4({ ...access, service, sha256: Sha256 });
  const request = { method: 'POST', protocol: 'http:', hostname: host, path, headers: { host } };
  const { headers } = await signer.sign({ ...request, body }, { signingDate: signedAt });
  return headers;
}
