/**
 * The versions of the deployment's secret. Everything that is signed names its version, so the newest
 * one can sign while what older ones have signed stays valid until its own time is over.
 *
 * Functions remember the versions for a while. So a new version begins to sign only when all of them
 * know it, and ends older ones at that same moment.
 */
import { limits } from './limits.ts';

export interface SecretVersion {
  /** Counts up from 1. */
  readonly id: number;
  readonly bytes: Buffer;
  /** Epoch ms from which it signs, until the next version does. */
  readonly signsFromMs: number;
  /** Epoch ms from which nothing that it has signed is valid; undefined for the newest. */
  readonly endsAtMs: number | undefined;
}

/** Oldest first; there is one at least. */
export type SecretVersions = readonly [SecretVersion, ...SecretVersion[]];

/** The version that signs now. */
export const signingVersion = (versions: SecretVersions, nowMs: number): SecretVersion =>
  versions.findLast(({ signsFromMs }) => signsFromMs <= nowMs) ?? versions[0];

/** The version of a signature; undefined if there is none of this id, or it has ended. */
export const acceptedVersion = (
  versions: SecretVersions,
  id: number,
  nowMs: number,
): SecretVersion | undefined =>
  versions.find((it) => it.id === id && (it.endsAtMs ?? Infinity) > nowMs);

/** The versions that were signing at some time since `sinceMs`. */
export function versionsInUse(
  versions: SecretVersions,
  { sinceMs, nowMs }: { sinceMs: number; nowMs: number },
): SecretVersion[] {
  return versions.filter(({ signsFromMs }, index) => {
    const nextMs = versions[index + 1]?.signsFromMs ?? Infinity;
    return signsFromMs <= nowMs && nextMs > sinceMs;
  });
}

/**
 * The versions after a rotation, without those that have ended.
 *
 * @param rotation.endsPasses what older versions have signed ends as soon as the new one signs, and not
 *   when its own time is over
 */
export function rotatedVersions(
  versions: SecretVersions,
  { bytes, nowMs, endsPasses }: { bytes: Buffer; nowMs: number; endsPasses: boolean },
): SecretVersions {
  const newestId = Math.max(...versions.map(({ id }) => id));
  const signsFromMs = nowMs + limits.secretSettleSeconds * 1000;
  const endsAtMs = signsFromMs + (endsPasses ? 0 : limits.keepSecretSeconds * 1000);
  const older = versions.map((it) => ({
    ...it,
    endsAtMs: Math.min(it.endsAtMs ?? Infinity, endsAtMs),
  }));
  const kept = older.filter((it) => it.endsAtMs > nowMs);
  const made = { id: newestId + 1, bytes, signsFromMs, endsAtMs: undefined };
  const [first, ...others] = [...kept, made];
  return [first ?? made, ...others];
}
