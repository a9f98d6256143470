import { type SecretsNow, secretsAt } from '../../../functions/counters/secrets.ts';

/** The secrets of a deployment that has rotated them `id - 1` times and keeps one version. */
export const fixedSecrets = (bytes: Buffer, id = 1): SecretsNow =>
  secretsAt([{ id, bytes, signsFromMs: 0, endsAtMs: undefined }], 0);
