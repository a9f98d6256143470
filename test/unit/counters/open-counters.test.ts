import { expect, test } from 'vitest';
import { defineCounters } from '../../../functions/counters/define-counters.ts';
import { describeOpenCounters } from '../../../functions/counters/open-counters.ts';

const open = { read: 'key', write: 'public' } as const;
const keyed = { read: 'public', write: 'key' } as const;

test('the counters that anybody may write are told with what one request may do', () => {
  const config = defineCounters({
    likes: { kind: 'count', access: open },
    counter: { kind: 'count', amounts: { max: 1_000, decrement: true }, access: open },
    score: { kind: 'count', amounts: { max: 5 }, access: open },
    orders: { kind: 'ticket', access: open },
    poll: { kind: 'reaction', choices: ['yes'], access: open },
    viewers: { kind: 'presence', access: open },
    visitors: { kind: 'unique', windows: ['day'], access: open },
    tries: { kind: 'limit', max: 5, perSeconds: 60, access: open },
    stock: { kind: 'count', access: keyed },
    calls: { kind: 'ticket', access: keyed },
  });
  expect(describeOpenCounters(config)).toEqual([
    'likes: adds 1',
    'counter: adds up to 1,000, or takes as much away',
    'score: adds up to 5',
    'orders: draws a ticket',
    'poll: reacts as any member',
    'viewers: is here as any viewer',
    'visitors: comes as any visitor',
    'tries: takes what it has room for',
  ]);
});
