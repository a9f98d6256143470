import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeMember } from '../../../functions/counters/member-writes.ts';
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
          { state: { choice }, expiresAt: undefined },
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
