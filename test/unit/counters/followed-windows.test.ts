/** Which windows the fold brings a direct change to. */

import { describe, expect, test } from 'vitest';
import { parseStreamRecord } from '../../../functions/dynamo/stream-records.ts';
import { toStreamRecord } from '../../../local/memory-table/stream-record.ts';
import { anyonesToken } from '../../harness/counts/anyones-token.ts';
import { createMemoryTally } from '../../harness/memory-table/memory-tally.ts';

const access = { read: 'public', write: 'public' } as const;

describe('a change of a counter that has lost its other windows', () => {
  test.each([undefined, 'a-token'])('is not counted in them any more: %s', async (token) => {
    const before = createMemoryTally({
      counters: { views: { kind: 'count', windows: ['all', 'day'], access } },
    });
    const tally = createMemoryTally({
      before,
      counters: { views: { kind: 'count', windows: ['all'], access } },
    });
    const followed: unknown[] = [];
    tally.table.onChange((change) => {
      const { kind, ...record } = parseStreamRecord(toStreamRecord(change), 'eu-central-1');
      if (kind === 'cell' && 'direct' in record) followed.push(record.direct?.after?.contributions);
    });
    const change = { amount: 1, token: undefined, wantCount: false };
    for (const [on, request] of [
      [before, change],
      [tally, { ...change, token: token === undefined ? undefined : anyonesToken(token) }],
    ] as const) {
      const { counts } = on.start();
      await on.time.run(counts.change(on.named('post/views', 'count'), request));
    }
    expect(followed).toEqual([
      [
        { counter: 'views', window: '-', amount: 1 },
        { counter: 'views', window: '2096-02-28', amount: 1 },
      ],
      undefined,
    ]);
  });
});
