import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import {
  acceptedVersion,
  rotatedVersions,
  type SecretVersions,
  signingVersion,
  versionsInUse,
} from '../../../functions/rules/secret-versions.ts';

const bytes = Buffer.alloc(32);
const first: SecretVersions = [{ id: 1, bytes, signsFromMs: 0, endsAtMs: undefined }];
const rotate = (versions: SecretVersions, nowMs: number, endsPasses = false) =>
  rotatedVersions(versions, { bytes, nowMs, endsPasses });
const settleMs = limits.secretSettleSeconds * 1000;
const keepMs = limits.keepSecretSeconds * 1000;

/** Rotations at random times, some of which end all passes, each with the versions after it. */
const histories = fc
  .array(fc.tuple(fc.nat(keepMs * 2), fc.boolean()), { minLength: 1, maxLength: 8 })
  .map((steps) => {
    let nowMs = 0;
    const states = [{ fromMs: 0, versions: first, endsPasses: false }];
    for (const [pauseMs, endsPasses] of steps) {
      nowMs += pauseMs;
      const versions = rotate(states.at(-1)?.versions ?? first, nowMs, endsPasses);
      states.push({ fromMs: nowMs, versions, endsPasses });
    }
    return states;
  });

describe('a new version of the secret', () => {
  test('signs only when every function has read it', () => {
    const versions = rotate(first, 1_000);
    expect(limits.secretSettleSeconds).toBeGreaterThan(limits.secretCacheSeconds);
    expect(signingVersion(versions, 1_000).id).toBe(1);
    expect(signingVersion(versions, 1_000 + settleMs - 1).id).toBe(1);
    expect(signingVersion(versions, 1_000 + settleMs).id).toBe(2);
    // A function whose clock is ahead may sign with it a little earlier.
    expect(acceptedVersion(versions, 2, 1_000)?.id).toBe(2);
  });

  test('ends no live pass, and none that can still be renewed', () => {
    fc.assert(
      fc.property(histories, fc.nat(keepMs), (states, afterMs) => {
        for (const [index, { fromMs, versions }] of states.entries()) {
          const later = states.slice(index + 1);
          // Signed before the next rotation, by the version that signed then.
          const signedMs = Math.min(fromMs + afterMs, (later[0]?.fromMs ?? Infinity) - 1);
          if (signedMs < fromMs) continue;
          const { id } = signingVersion(versions, signedMs);
          // A rotation that ends all passes ends those until its version signs as well.
          const endedIds = states.slice(0, index + 1).map((it, made) => (it.endsPasses ? made : 0));
          if (id <= Math.max(...endedIds)) continue;
          const lastMs = signedMs + keepMs - 1;
          for (const next of later) {
            if (next.fromMs > lastMs || next.endsPasses) break;
            const lookMs = Math.min(lastMs, next.fromMs + keepMs);
            expect(acceptedVersion(next.versions, id, lookMs)?.id).toBe(id);
          }
        }
      }),
    );
  });

  test('ends all others as soon as it signs, if the operator wants that', () => {
    fc.assert(
      fc.property(histories, fc.nat(keepMs * 2), (states, pauseMs) => {
        const last = states.at(-1) ?? { fromMs: 0, versions: first };
        const atMs = last.fromMs + pauseMs;
        const versions = rotate(last.versions, atMs, true);
        const newest = versions.at(-1)?.id;
        for (const { id } of versions) {
          const isAccepted = acceptedVersion(versions, id, atMs + settleMs) !== undefined;
          expect(isAccepted).toBe(id === newest);
        }
        expect(signingVersion(versions, atMs + settleMs).id).toBe(newest);
      }),
    );
  });

  test('has an id that no other ever had, and drops those that have ended', () => {
    fc.assert(
      fc.property(histories, (states) => {
        for (const [index, { fromMs, versions }] of states.entries()) {
          expect(versions.at(-1)?.id).toBe(index + 1);
          expect(versions.every(({ endsAtMs = Infinity }) => endsAtMs > fromMs)).toBe(true);
        }
      }),
    );
  });
});

test('a version is kept for as long as a pass of it can be renewed', () => {
  const longestPassSeconds = limits.visitorPassHoursMax * 3600;
  expect(limits.keepSecretSeconds).toBe(longestPassSeconds + limits.renewPassSeconds);
  expect(longestPassSeconds).toBeGreaterThanOrEqual(limits.passSecondsMax);
});

test('the versions in use are those that were signing within the time', () => {
  const versions = rotate(first, 0);
  const ids = (nowMs: number, sinceMs: number) =>
    versionsInUse(versions, { nowMs, sinceMs }).map(({ id }) => id);
  expect(ids(settleMs - 1, 0)).toEqual([1]);
  expect(ids(settleMs, settleMs - 1)).toEqual([1, 2]);
  expect(ids(settleMs + 10, settleMs)).toEqual([2]);
});
