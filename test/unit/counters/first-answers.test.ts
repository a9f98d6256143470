/** What a caller is told whose change is counted, and whose own call got no reply. */

import { describe, expect, test } from 'vitest';
import type { Token } from '../../../functions/rules/senders.ts';
import type { Fault } from '../../../local/memory-table/faults.ts';
import type { TableRequest } from '../../../local/memory-table/table-request.ts';
import { anyonesToken } from '../../harness/counts/anyones-token.ts';
import {
  createMemoryTally,
  isEntering,
  isPuttingToken,
} from '../../harness/memory-table/memory-tally.ts';

const open = { read: 'public', write: 'public' } as const;
const counters = {
  likes: { kind: 'count', access: open },
  stock: { kind: 'count', bounds: { min: 0 }, access: open },
  orders: { kind: 'ticket', access: open },
} as const;

type Tally = ReturnType<typeof createMemoryTally>;
type Counters = ReturnType<Tally['start']>;
interface Told {
  readonly ok: boolean;
  readonly replayed?: boolean;
}

const change = (counter: string, request: { amount: number; isSaturating?: boolean }) =>
  function send(tally: Tally, { counts }: Counters, token: Token | undefined): Promise<Told> {
    return counts.change(tally.named(counter, 'count'), { ...request, token, wantCount: true });
  };
const set =
  (value: number, expected: number | undefined) =>
  (tally: Tally, { counts }: Counters, token: Token | undefined): Promise<Told> =>
    counts.set(tally.named('post/likes', 'count'), { value, expected }, { token, wantCount: true });

const requests: [string, (tally: Tally, on: Counters, token?: Token) => Promise<Told>][] = [
  ['a change', change('post/likes', { amount: 3 })],
  ['a bounded change', change('shoe/stock', { amount: 3 })],
  ['a change by as much as fits', change('shoe/stock', { amount: 3, isSaturating: true })],
  ['a set', set(8, undefined)],
  ['a set of what is expected', set(8, 0)],
  [
    'a reset',
    (tally, { counts }, token) => counts.reset(tally.named('post/likes', 'count'), token),
  ],
  [
    'a ticket',
    (tally, { tickets }, token) => tickets.draw(tally.named('r/orders', 'ticket'), token),
  ],
  [
    'a shift',
    (tally, { tickets }, token) => tickets.reset(tally.named('r/orders', 'ticket'), token),
  ],
];

/** The first calls of a kind lose their reply. */
function losing(...kinds: ((sent: TableRequest) => boolean)[]) {
  const waiting = [...kinds];
  return (sent: TableRequest): Fault | undefined => {
    const index = waiting.findIndex((isKind) => isKind(sent));
    if (index < 0) return undefined;
    waiting.splice(index, 1);
    return 'reply_lost';
  };
}

describe.each(requests)('%s', (_request, send) => {
  test.each([
    ['its entry', [isEntering]],
    ['its claim and its entry', [isPuttingToken, isEntering]],
  ])(
    'is no replay because the reply to %s was lost; when it comes again it is',
    async (_lost, kinds) => {
      const tally = createMemoryTally({ counters, chooseFault: losing(...kinds) });
      const [first, second] = [tally.start(), tally.start()];
      const once = await tally.time.run(send(tally, first, anyonesToken('a')));
      expect(once).toMatchObject({ ok: true, replayed: false });
      const again = await tally.time.run(send(tally, second, anyonesToken('a')));
      expect(again).toMatchObject({ ok: true, replayed: true });
    },
  );

  test('without an idempotency key is no replay either', async () => {
    const tally = createMemoryTally({ counters, chooseFault: losing(isEntering) });
    const once = tally.time.run(send(tally, tally.start(), undefined));
    expect(await once).toMatchObject({ ok: true, replayed: false });
  });

  test('that finds what another request has counted is a replay, also if its own call was lost', async () => {
    const tally = createMemoryTally({ counters, chooseFault: losing(isEntering) });
    const once = await tally.time.run(
      send(tally, tally.start({ areFaultsOn: false }), anyonesToken('a')),
    );
    expect(once).toMatchObject({ replayed: false });
    const again = await tally.time.run(send(tally, tally.start(), anyonesToken('a')));
    expect(again).toMatchObject({ ok: true, replayed: true });
  });
});
