import { expect, test } from 'vitest';
import { type CounterShape, changesThatHide } from '../../../functions/rules/counter-changes.ts';

const count = (...windows: string[]): CounterShape => ({ kind: 'count', windows });
const reaction = (...choices: string[]): CounterShape => ({ kind: 'reaction', choices });
const bounded = (bounds: CounterShape['bounds']): CounterShape =>
  bounds ? { ...count('all'), bounds } : count('all');

/** What is said of a change of one counter. */
const said = (before: CounterShape, after?: CounterShape): string =>
  changesThatHide(new Map([['views', before]]), new Map(after ? [['views', after]] : []))
    .map(({ counter, consequence }) => `${counter} ${consequence}`)
    .join('\n');

test.each<[what: string, before: CounterShape, after: CounterShape | undefined, says: string]>([
  [
    'another kind',
    count('all'),
    { kind: 'unique', windows: ['all'] },
    'was a count and is a unique',
  ],
  ['a window less', count('all', 'day'), count('all'), 'has lost the window day'],
  ['another first window', count('all', 'day'), count('day', 'all'), 'shows day instead of all'],
  ['a choice less', reaction('like', 'love'), reaction('like'), 'has lost the choice love'],
  ['its leaving', count('all'), undefined, 'has left the configuration'],
  ['first bounds', bounded(undefined), bounded({ min: 0 }), 'has bounds now: changes are refused'],
])('a change that hides numbers or refuses writes is told: %s', (_, before, after, says) => {
  expect(said(before, after)).toContain(`views ${says}`);
});

test.each<[what: string, before: CounterShape, after: CounterShape]>([
  ['none', count('all', 'day'), count('all', 'day')],
  ['a window more', count('all'), count('all', 'day')],
  ['a choice more', reaction('like'), reaction('like', 'love')],
  ['choices in another order', reaction('like', 'love'), reaction('love', 'like')],
  ['other bounds', bounded({ min: 0 }), bounded({ min: 0, max: 9 })],
  ['no bounds any more', bounded({ min: 0 }), bounded(undefined)],
])('a change that does neither is not: %s', (_, before, after) => {
  expect(said(before, after)).toBe('');
});

test('a counter that is new hides nothing', () => {
  expect(changesThatHide(new Map(), new Map([['views', count('all')]]))).toEqual([]);
});
