import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isName } from '../../../functions/rules/names.ts';
import {
  actions,
  allows,
  allowsEverywhere,
  allowsSomewhere,
  fullScope,
  isSubjectPattern,
  isWithin,
  matchesSubject,
  type Scope,
  scopesOfClaim,
} from '../../../functions/rules/scopes.ts';

// Few letters, so that names, beginnings and patterns meet often.
const subject = fc
  .string({ unit: fc.constantFrom('a', 'b', '7', ':'), minLength: 1, maxLength: 4 })
  .filter(isName);
const pattern = fc.oneof(
  subject,
  subject.map((name) => `${name}*`),
  fc.constant('*'),
);
const counter = fc.constantFrom('likes', 'orders', 'stock');
const action = fc.constantFrom(...actions);
const scope: fc.Arbitrary<Scope> = fc.record({
  actions: fc.uniqueArray(action, { minLength: 1 }),
  subjects: fc.uniqueArray(pattern, { minLength: 1, maxLength: 3 }),
  counters: fc.option(fc.uniqueArray(counter, { maxLength: 2 }), { nil: undefined }),
});
const scopes = fc.array(scope, { maxLength: 3 });
const need = fc.record({ action, subject, counter: fc.option(counter, { nil: undefined }) });

describe('a pattern of subjects', () => {
  test.each([
    'a',
    'resto-7',
    'resto-7:*',
    'a*',
    '*',
    '7',
    '-a',
    '_*',
    'a#b',
    'ana@example.com',
    `${'x'.repeat(127)}*`,
    'x'.repeat(128),
  ])('may be %s', (text) => {
    expect(isSubjectPattern(text)).toBe(true);
  });

  test.each([
    '',
    '**',
    'a*b',
    '*a',
    'a**',
    '.a',
    '.*',
    'a b',
    'a%23b',
    'a\n',
    '\n*',
    'é',
    'a/b',
    `${'x'.repeat(128)}*`,
    'x'.repeat(129),
  ])('is not %j', (text) => {
    expect(isSubjectPattern(text)).toBe(false);
  });

  test('is any name', () => {
    fc.assert(fc.property(subject, (name) => isSubjectPattern(name)));
  });

  test('with a star matches what begins so, without one only itself', () => {
    fc.assert(
      fc.property(subject, subject, (name, other) => {
        expect(matchesSubject(name, other)).toBe(name === other);
        expect(matchesSubject(`${name}*`, other)).toBe(other.startsWith(name));
        expect(matchesSubject('*', other)).toBe(true);
      }),
    );
  });
});

describe('scopes', () => {
  test('allow what one of them names in full, and nothing that takes two of them', () => {
    fc.assert(
      fc.property(scopes, need, (held, asked) => {
        const one = held.some((it) => {
          const names = it.subjects.some((text) => matchesSubject(text, asked.subject));
          const counted =
            it.counters === undefined ||
            (asked.counter !== undefined && it.counters.includes(asked.counter));
          return it.actions.includes(asked.action) && names && counted;
        });
        expect(allows(held, asked)).toBe(one);
      }),
    );
  });

  test('limited to counters give no right to the subject as a whole', () => {
    const held: Scope[] = [{ actions: ['admin'], subjects: ['*'], counters: ['likes'] }];
    const whole = { action: 'admin', subject: 'a', counter: undefined } as const;
    expect(allows(held, whole)).toBe(false);
    expect(allows(held, { ...whole, counter: 'likes' })).toBe(true);
  });

  test('rule over the deployment only if they name all subjects and all counters', () => {
    fc.assert(
      fc.property(scopes, action, (held, asked) => {
        const expected = held.some(
          (it) =>
            it.actions.includes(asked) && it.subjects.includes('*') && it.counters === undefined,
        );
        expect(allowsEverywhere(held, asked)).toBe(expected);
        if (expected) expect(allowsSomewhere(held, asked)).toBe(true);
      }),
    );
    expect(allowsEverywhere([fullScope], 'admin')).toBe(true);
  });

  test('of nobody allow nothing', () => {
    expect(allows([], { action: 'read', subject: 'a', counter: 'likes' })).toBe(false);
    expect(allowsSomewhere([], 'read')).toBe(false);
    expect(allowsEverywhere([], 'admin')).toBe(false);
  });
});

describe('what is handed on', () => {
  test('is never more than what is held', () => {
    fc.assert(
      fc.property(scope, scopes, need, (asked, held, wanted) => {
        if (!isWithin(asked, held) || !allows([asked], wanted)) return;
        expect(allows(held, wanted)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test('may be all that is held, or a part of it', () => {
    fc.assert(
      fc.property(scope, scopes, (held, others) => {
        expect(isWithin(held, [...others, held])).toBe(true);
        const [first = 'read'] = held.actions;
        expect(isWithin({ ...held, actions: [first] }, [...others, held])).toBe(true);
      }),
    );
  });

  test.each<[what: string, asked: Scope]>([
    ['another action', { actions: ['read', 'write'], subjects: ['resto-7'] }],
    ['another subject', { actions: ['read'], subjects: ['resto-8'] }],
    ['more subjects', { actions: ['read'], subjects: ['resto-7*'] }],
    ['all subjects', { actions: ['read'], subjects: ['*'] }],
    ['one subject too many', { actions: ['read'], subjects: ['resto-7', 'resto-8'] }],
  ])('is refused with %s', (_, asked) => {
    expect(isWithin(asked, [{ actions: ['read'], subjects: ['resto-7', 'resto-7:*'] }])).toBe(
      false,
    );
  });

  test('is refused for all counters where only some are held', () => {
    const held: Scope[] = [{ actions: ['read'], subjects: ['*'], counters: ['likes'] }];
    expect(isWithin({ actions: ['read'], subjects: ['a'] }, held)).toBe(false);
    expect(isWithin({ actions: ['read'], subjects: ['a'], counters: ['stock'] }, held)).toBe(false);
    expect(isWithin({ actions: ['read'], subjects: ['a'], counters: ['likes'] }, held)).toBe(true);
  });
});

describe('the scope claim of an identity token', () => {
  test('is read entry by entry', () => {
    expect(scopesOfClaim('openid tally/read/resto-7/orders tally/admin/shop:*/* email')).toEqual([
      { actions: ['read'], subjects: ['resto-7'], counters: ['orders'] },
      { actions: ['admin'], subjects: ['shop:*'] },
    ]);
  });

  test.each([
    '',
    'openid profile',
    'tally',
    'tally/read',
    'tally/read/resto-7',
    'tally/read/resto-7/',
    'tally/read//orders',
    'tally/own/resto-7/orders',
    'tally/read/resto 7/orders',
    'tally/read/re*to/orders',
    'tally/read/resto-7/orders/more',
    'Tally/read/resto-7/orders',
    'other/read/resto-7/orders',
    'tally/toString/*/*',
    'tally/__proto__/*/*',
  ])('gives no right where it is "%s"', (claim) => {
    expect(scopesOfClaim(claim)).toEqual([]);
  });

  test('of any text gives nothing that the text does not name', () => {
    const words = fc.constantFrom(
      'tally',
      'read',
      'admin',
      'a',
      'a*',
      '*',
      'orders',
      '/',
      '/',
      ' ',
    );
    const claims = fc.array(words, { maxLength: 25 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(claims, (claim) => {
        for (const { actions: given, subjects } of scopesOfClaim(claim)) {
          expect(claim).toContain(`tally/${given.join()}/${subjects.join()}/`);
        }
      }),
    );
  });
});
