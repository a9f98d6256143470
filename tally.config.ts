import { defineCounters } from './functions/counters/define-counters.ts';

const open = { read: 'public', write: 'public' } as const;
/** Everybody with a pass of Tally's own, each for itself. */
const visitors = { read: 'public', write: 'visitor' } as const;
const keyed = { read: 'key', write: 'key' } as const;

/** The counters of this deployment. Change them here, then `npx cdk deploy`. */
export const tally = defineCounters({
  counter: { kind: 'count', amounts: { max: 1_000, decrement: true }, access: open },
  likes: { kind: 'reaction', choices: ['like'], access: visitors },
  views: { kind: 'count', write: 'deferred', windows: ['all', 'day', 'hour'], access: open },
  reactions: {
    kind: 'reaction',
    choices: ['like', 'love', 'haha', 'wow', 'sad', 'angry'],
    access: visitors,
  },
  viewers: { kind: 'presence', heartbeatSeconds: 10, awayAfterSeconds: 30, access: visitors },
  visitors: { kind: 'unique', windows: ['day'], access: visitors },
  orders: { kind: 'ticket', access: { read: 'public', write: 'key' } },
  stock: { kind: 'count', bounds: { min: 0 }, access: keyed },
  calls: { kind: 'limit', max: 100, perSeconds: 60, access: keyed },
});
