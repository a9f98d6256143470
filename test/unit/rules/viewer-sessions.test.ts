import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { bucketKeyAt, isBucketPresent } from '../../../functions/rules/presence.ts';
import {
  bucketOfSessions,
  isWordOver,
  namelessSession,
  sessionOf,
  type ViewerSessions,
  withoutAll,
  withWord,
} from '../../../functions/rules/viewer-sessions.ts';

const pulse = { heartbeatSeconds: 10, awayAfterSeconds: 30 };
const nowMs = 1_800_000_000_000;
const moments = fc.integer({ min: nowMs - 200_000, max: nowMs + 100_000 });
const names = fc.integer({ min: 0, max: 30 }).map((index) => `tab-${index}`);
const lists: fc.Arbitrary<ViewerSessions> = fc
  .array(fc.tuple(names, moments, fc.boolean()), { maxLength: 30 })
  .map((entries) => new Map(entries.map(([name, atMs, isHere]) => [name, isHere ? atMs : -atMs])));
const words = fc.record({ session: names, isHere: fc.boolean(), atMs: fc.constant(nowMs) });

describe('the sessions of a viewer', () => {
  test('have what one of them has said, unless it left and there are too many', () => {
    fc.assert(
      fc.property(lists, words, (sessions, word) => {
        const after = withWord(sessions, word, pulse);
        expect(after.size).toBeLessThanOrEqual(limits.sessionsOfViewer);
        if (word.isHere) {
          const earlierThanAll = [...after.values()].every((it) => it > nowMs);
          if (!earlierThanAll) expect(after.get(word.session)).toBe(nowMs);
          expect(bucketOfSessions(after, nowMs, pulse)).toBe(bucketKeyAt(nowMs, pulse));
        } else expect(after.get(word.session) ?? -nowMs).toBe(-nowMs);
      }),
    );
  });

  test('that are here stay as they are, the latest of them', () => {
    fc.assert(
      fc.property(lists, words, (sessions, word) => {
        const isHere = (atMs: number) =>
          atMs > 0 && isBucketPresent(bucketKeyAt(Math.min(atMs, nowMs), pulse), nowMs, pulse);
        const others = [...sessions]
          .filter(([name, atMs]) => name !== word.session && isHere(atMs))
          .toSorted(([, one], [, other]) => other - one);
        const after = withWord(sessions, word, pulse);
        for (const [name, atMs] of others.slice(0, limits.sessionsOfViewer - 1)) {
          expect(after.get(name)).toBe(atMs);
        }
      }),
    );
  });

  test('make the viewer be here exactly while one of them is', () => {
    fc.assert(
      fc.property(lists, (sessions) => {
        const bucket = bucketOfSessions(sessions, nowMs, pulse);
        const isAnyHere = [...sessions.values()].some(
          (atMs) =>
            atMs > 0 && isBucketPresent(bucketKeyAt(Math.min(atMs, nowMs), pulse), nowMs, pulse),
        );
        expect(bucket !== undefined).toBe(isAnyHere);
        if (bucket !== undefined) expect(isBucketPresent(bucket, nowMs, pulse)).toBe(true);
        expect(bucketOfSessions(withoutAll(sessions, nowMs), nowMs, pulse)).toBeUndefined();
      }),
    );
  });

  test('have the later word of two that overlap, whichever was faster', () => {
    const earlier = { session: 'tab-1', isHere: true, atMs: nowMs };
    const first = new Map([['tab-1', nowMs - 5_000]]);
    const left = withWord(first, { session: 'tab-1', isHere: false, atMs: nowMs + 10 }, pulse);
    expect(isWordOver(earlier, { first, now: left })).toBe(true);
    const beaten = withWord(first, { session: 'tab-2', isHere: true, atMs: nowMs + 10 }, pulse);
    expect(isWordOver(earlier, { first, now: beaten })).toBe(false);
    expect(isWordOver({ ...earlier, atMs: nowMs + 20 }, { first, now: left })).toBe(false);
    // What was there when the request began is no later word, whatever its clock said.
    const ahead = new Map([['tab-1', nowMs + 60_000]]);
    expect(isWordOver(earlier, { first: ahead, now: ahead })).toBe(false);
  });

  test('are told apart by their names, and from the one without', () => {
    const some = Array.from({ length: 2_000 }, (_, index) => sessionOf(`tab-${index}`));
    expect(new Set([...some, sessionOf(undefined), sessionOf('-')]).size).toBe(2_002);
    expect(sessionOf(undefined)).toBe(namelessSession);
    for (const session of some) expect(session.length).toBeLessThanOrEqual(13);
  });
});
