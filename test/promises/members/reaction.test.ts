import fc from 'fast-check';
import pLimit from 'p-limit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { shuffled } from '../../harness/counts/shuffled.ts';
import { type MemberCalls, memberCalls } from '../../harness/members/member-calls.ts';
import { createStreamedTally, type StreamedTally } from '../../harness/members/streamed-tally.ts';
import { seededRandom } from '../../harness/seeded-random.ts';
import { open } from '../../harness/tally-under-test.ts';

const choices = ['like', 'love', 'sad'];

let tally: StreamedTally;
let calls: MemberCalls;
/** A counter that no other test uses. */
let post: string;
let posts = 0;

beforeAll(async () => {
  tally = await createStreamedTally({
    counters: { reactions: { kind: 'reaction', choices, access: open } },
    regions: ['local', 'elsewhere'],
    instances: 4,
  });
  calls = memberCalls(tally);
});

beforeEach(() => {
  post = `post-${posts++}/reactions`;
});

afterAll(() => tally.stop());

const totals = (like: number, love: number, sad = 0) => ({
  count: like + love + sad,
  choices: { like, love, sad },
});

async function expectTotals(expected: ReturnType<typeof totals>): Promise<void> {
  await tally.settle();
  expect(await calls.read(post, { consistent: 'true' })).toMatchObject({ body: expected });
}

type Press = 'like' | 'love' | 'unlike';

const press = (on: MemberCalls, member: string, what: Press) =>
  what === 'unlike' ? on.remove(post, member) : on.choose(post, member, what);

describe('a member', () => {
  test('has one choice: choosing again moves it, removing takes it back', async () => {
    expect(await calls.choose(post, 'ann', 'like')).toMatchObject({
      status: 200,
      body: { choice: 'like', ...totals(1, 0), pending: true },
    });
    await expectTotals(totals(1, 0));
    expect(await calls.choose(post, 'ann', 'love')).toMatchObject({
      body: { choice: 'love', ...totals(0, 1), pending: true },
    });
    await expectTotals(totals(0, 1));
    expect(await calls.remove(post, 'ann')).toMatchObject({
      body: { choice: null, ...totals(0, 0), pending: true },
    });
    await expectTotals(totals(0, 0));
  });

  test('is told its choice as it was last written, folded or not', async () => {
    expect(await calls.get(post, 'ann')).toMatchObject({ status: 200, body: { choice: null } });
    await calls.choose(post, 'ann', 'like');
    expect(await calls.get(post, 'ann')).toMatchObject({ body: { choice: 'like' } });
    await calls.choose(post, 'ann', 'love');
    expect(await calls.get(post, 'ann')).toMatchObject({ body: { choice: 'love' } });
    await calls.remove(post, 'ann');
    expect(await calls.get(post, 'ann')).toMatchObject({ body: { choice: null } });
  });

  test('is told that its choice is pending as long as readers may not see it, however often it says it', async () => {
    await calls.choose(post, 'bob', 'like');
    await tally.settle();
    // Totals of several cells are remembered for a second.
    tally.advance(1_000);
    for (let round = 0; round < 3; round++) {
      expect(await calls.choose(post, 'ann', 'like')).toMatchObject({
        body: { choice: 'like', ...totals(2, 0), pending: true },
      });
      expect(await calls.read(post, { consistent: 'true' })).toMatchObject({ body: totals(1, 0) });
      tally.advance(50);
    }
    await tally.settle();
    tally.advance(limits.foldedAfterSeconds * 1000);
    expect(await calls.choose(post, 'ann', 'like')).toMatchObject({
      body: { choice: 'like', ...totals(2, 0), pending: false },
    });
    for (let round = 0; round < 2; round++) {
      expect(await calls.remove(post, 'ann')).toMatchObject({ body: { pending: true } });
    }
    await tally.settle();
    tally.advance(limits.foldedAfterSeconds * 1000);
    expect(await calls.remove(post, 'ann')).toMatchObject({
      body: { choice: null, ...totals(1, 0), pending: false },
    });
  });

  test('is in the answer to its choice, also when that changes nothing and is not folded', async () => {
    await calls.choose(post, 'ann', 'like');
    expect(await calls.choose(post, 'ann', 'like')).toMatchObject({
      body: { choice: 'like', ...totals(1, 0), pending: true },
    });
    expect(await calls.choose(post, 'ann', 'love')).toMatchObject({ body: totals(0, 1) });
    expect(await calls.remove(post, 'ann')).toMatchObject({ body: totals(0, 0) });
  });

  test('that says the same again writes nothing that counts', async () => {
    await calls.choose(post, 'ann', 'like');
    await tally.settle();
    const before = await tally.cells();
    for (const instance of tally.instances) {
      await memberCalls(instance).choose(post, 'ann', 'like');
    }
    await calls.remove(post, 'bob');
    await tally.settle();
    expect(await tally.cells()).toEqual(before);
    await expectTotals(totals(1, 0));
  });

  test('is another one on another subject', async () => {
    await calls.choose(post, 'ann', 'like');
    await calls.choose(`other-${post}`, 'ann', 'love');
    await expectTotals(totals(1, 0));
    expect(await calls.get(post, 'ann')).toMatchObject({ body: { choice: 'like' } });
  });

  test('may be named as a part of another key', async () => {
    for (const member of ['reactions', 'like', 'local', '0', 'a:b', 'A', 'a', 'constructor']) {
      await calls.choose(post, member, 'sad');
    }
    await expectTotals(totals(0, 0, 8));
  });
});

test('nobody has reacted to a counter that was never touched', async () => {
  expect(await calls.read(post)).toMatchObject({
    status: 200,
    body: { ...totals(0, 0), updated_at: null },
  });
});

test('the total says when it last changed', async () => {
  await calls.choose(post, 'ann', 'like');
  await tally.settle();
  const changedAt = new Date(tally.clock.now()).toISOString();
  tally.advance(60_000);
  await calls.choose(post, 'ann', 'like');
  await tally.settle();
  expect(await calls.read(post)).toMatchObject({ body: { updated_at: changedAt } });
});

test('200 members at once over several connections leave the totals of their last choices', async () => {
  const limit = pLimit(24);
  const members = Array.from({ length: 200 }, (_, index) => `user-${index}`);
  const last = new Map<string, string | null>();
  let pressed = 0;

  async function pressAll(member: string, seed: number): Promise<void> {
    const random = seededRandom(seed);
    const presses: Press[] = ['like', 'love', 'like', 'unlike'];
    for (const what of shuffled(presses, random)) {
      const instance = tally.instances[Math.floor(random() * tally.instances.length)] ?? tally;
      expect(await press(memberCalls(instance), member, what)).toMatchObject({ status: 200 });
      last.set(member, what === 'unlike' ? null : what);
      pressed += 1;
      if (pressed % 150 === 0) await tally.settle();
    }
  }
  await Promise.all(members.map((member, index) => limit(() => pressAll(member, index))));

  const chosen = [...last.values()];
  const expected = totals(
    chosen.filter((choice) => choice === 'like').length,
    chosen.filter((choice) => choice === 'love').length,
  );
  expect(pressed).toBe(800);
  expect(expected.count).toBeGreaterThan(100);
  await expectTotals(expected);
  const told = await Promise.all(members.map((member) => calls.get(post, member)));
  expect(told.map(({ body }) => (body as { choice: unknown }).choice)).toEqual(
    members.map((member) => last.get(member)),
  );
});

test('a member that presses everything at the same moment counts as what it is left with', async () => {
  const members = Array.from({ length: 20 }, (_, index) => `hasty-${index}`);
  const presses: Press[] = ['like', 'love', 'like', 'unlike', 'love'];
  await Promise.all(
    members.flatMap((member) =>
      presses.map((what, index) =>
        press(memberCalls(tally.instances[index % 4] ?? tally), member, what),
      ),
    ),
  );
  const told = await Promise.all(members.map((member) => calls.get(post, member)));
  const left = told.map(({ body }) => (body as { choice: string | null }).choice);
  await expectTotals(
    totals(
      left.filter((choice) => choice === 'like').length,
      left.filter((choice) => choice === 'love').length,
    ),
  );
});

describe('in two regions', () => {
  test('a choice moves with its member: the region that loses takes its amount back', async () => {
    const there = memberCalls(tally.at.elsewhere ?? tally);
    const cellsOf = async (choice: string) => {
      const subject = post.split('/')[0] ?? '';
      const cells = await Promise.all(
        ['local', 'elsewhere'].map((region) =>
          tally.cell({ subject, counter: 'reactions', region }),
        ),
      );
      return cells.map((cell) => cell?.[`.${choice}`]);
    };
    await calls.choose(post, 'ann', 'like');
    await expectTotals(totals(1, 0));
    expect(await cellsOf('like')).toEqual([1, undefined]);

    await there.choose(post, 'ann', 'like');
    await expectTotals(totals(1, 0));
    expect(await cellsOf('like')).toEqual([0, 1]);

    await calls.choose(post, 'ann', 'love');
    await expectTotals(totals(0, 1));
    expect(await cellsOf('like')).toEqual([0, 0]);

    await there.remove(post, 'ann');
    await expectTotals(totals(0, 0));
    expect(await cellsOf('love')).toEqual([0, undefined]);
  });
});

test('any history of presses ends with the totals of a plain list', async () => {
  const step = fc.record({
    member: fc.constantFrom('ann', 'bob', 'eve'),
    choice: fc.constantFrom(undefined, ...choices),
    region: fc.constantFrom('local', 'elsewhere'),
    settles: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      post = `post-${posts++}/reactions`;
      const list = new Map<string, string>();
      for (const { member, choice, region, settles } of steps) {
        const on = memberCalls(tally.at[region] ?? tally);
        const answer =
          choice === undefined
            ? await on.remove(post, member)
            : await on.choose(post, member, choice);
        expect(answer).toMatchObject({ status: 200, body: { choice: choice ?? null } });
        if (choice === undefined) list.delete(member);
        else list.set(member, choice);
        if (settles) await tally.settle();
      }
      const chosen = [...list.values()];
      await tally.settle();
      expect(await calls.read(post, { consistent: 'true' })).toMatchObject({
        body: {
          count: chosen.length,
          choices: Object.fromEntries(
            choices.map((choice) => [choice, chosen.filter((it) => it === choice).length]),
          ),
        },
      });
    }),
    { numRuns: 10 },
  );
});
