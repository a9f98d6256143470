/** Gives the deployment a new version of its secret, for the operator. */
import { type Refusal, refuse } from '../counters/refusals.ts';
import { limits } from '../rules/limits.ts';
import { rotatedVersions, type SecretVersion } from '../rules/secret-versions.ts';
import type { SecretStore } from '../store/secret-store.ts';

export interface Rotation {
  readonly ok: true;
  readonly made: SecretVersion;
}

/**
 * @param options.endsPasses whether all passes end when the new version begins to sign, because the secret
 *   may be known to somebody
 * @throws OutcomeUnknownError, StoreUnavailableError
 */
export async function rotateSecret(
  { store, now, newBytes }: { store: SecretStore; now: () => number; newBytes: () => Buffer },
  { endsPasses }: { endsPasses: boolean },
): Promise<Rotation | Refusal<'too_many_rotations' | 'rotated_meanwhile'>> {
  const before = await store.read();
  const versions = rotatedVersions(before.versions, {
    bytes: newBytes(),
    nowMs: now(),
    endsPasses,
  });
  if (versions.length > limits.secretVersions) {
    return refuse(
      'too_many_rotations',
      `What ${limits.secretVersions} versions have signed is still valid. Wait some days, or end all passes.`,
    );
  }
  const isReplaced = await store.replace({ ...before, revision: before.revision + 1, versions });
  if (!isReplaced) {
    return refuse('rotated_meanwhile', 'Somebody else has rotated the secret at this moment.');
  }
  return { ok: true, made: versions.at(-1) ?? versions[0] };
}
