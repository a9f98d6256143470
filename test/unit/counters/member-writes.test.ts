import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PresenceDefinition } from '../../../functions/counters/define-counters.ts';
import { writeMember } from '../../../functions/counters/member-writes.ts';
import { createPresence } from '../../../functions/counters/presence.ts';
import type { Totals } from '../../../functions/counters/total.ts';
import type {
  MemberStore,
  MemberWrite,
  StoredMember,
} from '../../../functions/store/member-store.ts';

const key = { subject: 'post', counter: 'reactions', member: 'ann' };

/** One item, as the table keeps it; what is lost on the way to it may land at any later time. */
class LossyMember {
  stored: StoredMember | undefined;
  readonly lost: MemberWrite[] = [];

  put(write: MemberWrite): boolean {
    if (this.stored?.stamp !== write.replaces) return false;
    this.stored = { ...write.state, stamp: write.stamp };
    return true;
  }

  /** @param losing how many attempts get lost before one arrives; the SDK makes three */
  store(losing: number): MemberStore {
    return {
      read: async () => this.stored,
      write: async (_, write) => {
        for (let attempt = 0; attempt < Math.min(losing, 3); attempt++) this.lost.push(write);
        if (losing >= 3) throw new Error('no answer');
        return this.put(write)
          ? { outcome: 'written' }
          : { outcome: 'refused', stored: this.stored };
      },
    };
  }
}

const request = fc.record({
  choice: fc.constantFrom('like', 'love', undefined),
  /** The clock of the container that serves it. */
  nowMs: fc.integer({ min: 1, max: 5 }),
  losing: fc.nat({ max: 4 }),
  /** How many lost attempts land before it, and which. */
  landing: fc.array(fc.nat({ max: 20 }), { maxLength: 3 }),
});

test('whatever lands late, the last acknowledged request stays, unless a later one had no answer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 8 }), async (requests) => {
      const member = new LossyMember();
      const land = (index: number) => {
        const late = member.lost[index % Math.max(1, member.lost.length)];
        if (late) member.put(late);
      };
      let possible: (string | undefined)[] = [undefined];
      for (const { choice, nowMs, losing, landing } of requests) {
        for (const index of landing) land(index);
        const isAcknowledged = await writeMember(
          {
            store: member.store(losing),
            region: 'here',
            now: () => nowMs,
            random: () => 0,
            pause: async () => {},
          },
          key,
          { next: () => ({ state: { choice }, expiresAt: undefined }) },
        ).then(
          () => true,
          () => false,
        );
        possible = isAcknowledged ? [choice] : [...possible, choice];
        expect(possible).toContain(member.stored?.choice);
      }
      for (const index of member.lost.keys()) land(index);
      expect(possible).toContain(member.stored?.choice);
    }),
    { numRuns: 3_000 },
  );
});

/** A step of a session: a request that is acknowledged, or one whose attempts all get lost. */
const sessionStep = fc.record({
  session: fc.constantFrom('tab-1', 'tab-2', 'tab-3', undefined),
  isHere: fc.boolean(),
  /** By how much the clock of its container is off. */
  skewMs: fc.constantFrom(0, -2_000, 2_000),
  passedMs: fc.nat({ max: 3_000 }),
  isLost: fc.boolean(),
  landing: fc.array(fc.nat({ max: 20 }), { maxLength: 2 }),
});

test('a viewer is here while a session is whose last acknowledged word says so, whatever lands late', async () => {
  const definition: PresenceDefinition = {
    kind: 'presence',
    heartbeatSeconds: 300,
    awayAfterSeconds: 3_600,
    access: { read: 'public', write: 'public' },
  };
  const viewers = { subject: 'film', counter: 'viewers', definition };
  const noTotal = { count: 0n, resetAway: 0n, version: 0, updatedAtMs: null, isOver: false };
  const totals = { read: async () => ({ ...noTotal, parts: new Map() }) } as unknown as Totals;
  await fc.assert(
    fc.asyncProperty(fc.array(sessionStep, { minLength: 1, maxLength: 10 }), async (steps) => {
      const member = new LossyMember();
      let nowMs = 1_800_000_000_000;
      /** What each session may have said last: a lost request may have landed, or not. */
      const possible = new Map<string | undefined, boolean[]>();
      for (const { session, isHere, skewMs, passedMs, isLost, landing } of steps) {
        nowMs += passedMs;
        for (const index of landing) {
          const late = member.lost[index % Math.max(1, member.lost.length)];
          if (late) member.put(late);
        }
        const presence = createPresence({
          store: member.store(isLost ? 3 : 0),
          totals,
          region: 'here',
          now: () => nowMs + skewMs,
          random: () => 0,
          pause: async () => {},
        });
        const viewer = { member: 'ann', session };
        const isAcknowledged = await (isHere
          ? presence.beat(viewers, viewer)
          : presence.leave(viewers, viewer)
        ).then(
          () => true,
          () => false,
        );
        const before = possible.get(session) ?? [false];
        possible.set(session, isAcknowledged ? [isHere] : [...before, isHere]);
        const mustBeHere = [...possible.values()].some((words) => words.every(Boolean));
        const mayBeHere = [...possible.values()].some((words) => words.some(Boolean));
        const isShown = member.stored?.bucket !== undefined;
        if (mustBeHere) expect(isShown).toBe(true);
        if (!mayBeHere) expect(isShown).toBe(false);
      }
    }),
    { numRuns: 3_000 },
  );
});

test('two sessions that beat at once are both kept, and so are two that leave', async () => {
  const definition: PresenceDefinition = {
    kind: 'presence',
    heartbeatSeconds: 10,
    awayAfterSeconds: 30,
    access: { read: 'public', write: 'public' },
  };
  const viewers = { subject: 'film', counter: 'viewers', definition };
  const member = new LossyMember();
  const totals = {
    read: async () => ({ count: 0n, parts: new Map(), version: 0, updatedAtMs: null }),
  } as unknown as Totals;
  const presence = createPresence({
    store: member.store(0),
    totals,
    region: 'here',
    now: () => 1_800_000_000_000,
    random: () => 0,
    pause: async () => {},
  });
  const viewer = (session: string) => ({ member: 'ann', session });
  await Promise.all([
    presence.beat(viewers, viewer('tab-1')),
    presence.beat(viewers, viewer('tab-2')),
  ]);
  expect(member.stored?.sessions?.size).toBe(2);
  await presence.leave(viewers, viewer('tab-1'));
  expect(member.stored?.bucket).toBeDefined();
  await presence.leave(viewers, viewer('tab-2'));
  expect(member.stored?.bucket).toBeUndefined();
});
