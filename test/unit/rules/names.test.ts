import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchRoute } from '../../../functions/http/match-route.ts';
import { limits } from '../../../functions/rules/limits.ts';
import {
  isCounterName,
  isName,
  isReservedCounter,
  isReservedMember,
  isReservedSubject,
  reservedCounters,
  reservedMembers,
  reservedSubjects,
} from '../../../functions/rules/names.ts';

const lower = 'abcdefghijklmnopqrstuvwxyz'.split('');
const digits = '0123456789'.split('');
const alphanumerics = [...lower, ...lower.map((letter) => letter.toUpperCase()), ...digits];
const signs = "_:~@+|!#$&'=?^{}-".split('');
const nameCharacters = [...alphanumerics, ...signs, '.'];
const counterNameCharacters = [...lower, ...digits, '-'];

/** The rule in plain words: one of `first`, then any of `rest`, up to `longest` characters. */
function follows(text: string, first: string[], rest: string[], longest: number): boolean {
  const [head = '', ...tail] = text;
  return first.includes(head) && tail.every((it) => rest.includes(it)) && text.length <= longest;
}

const nearlyNames = (characters: string[], longest: number) =>
  fc.string({ unit: fc.constantFrom(...characters, '%', '/', '*', ' '), maxLength: longest + 2 });

describe('a name', () => {
  test('is letters, digits and the signs of e-mail addresses and ids, a dot not first, up to the limit', () => {
    const texts = fc.oneof(nearlyNames(nameCharacters, limits.nameLength), fc.string());
    fc.assert(
      fc.property(texts, (text) => {
        const expected = follows(
          text,
          [...alphanumerics, ...signs],
          nameCharacters,
          limits.nameLength,
        );
        expect(isName(text)).toBe(expected);
      }),
    );
  });

  test('of the longest kind is taken, one character more is not', () => {
    expect(isName('n'.repeat(limits.nameLength))).toBe(true);
    expect(isName('n'.repeat(limits.nameLength + 1))).toBe(false);
  });

  test('comes out of a percent-encoded path as it is, also where that is decoded twice', () => {
    const names = fc.string({ unit: fc.constantFrom(...nameCharacters), minLength: 1 });
    fc.assert(
      fc.property(names.filter(isName), (name) => {
        const path = `/v1/${encodeURIComponent(name)}/likes`;
        const { pathname } = new URL(`https://tally.test${path}`);
        const asSent = matchRoute('GET', pathname);
        const asApiGatewayHandsItOver = matchRoute('GET', decodeURIComponent(pathname));
        for (const match of [asSent, asApiGatewayHandsItOver]) {
          expect(match).toMatchObject({ params: { subject: name, counter: 'likes' } });
        }
      }),
    );
  });

  test.each([
    '-NxYz0123',
    '_V1StGXR8',
    '__proto__',
    'ana@example.com',
    "o'brien+news@example.co.uk",
    'auth0|62b1f0e2',
    'user#1234',
    'urn:isbn:0451450523',
  ])('may be an id as other systems make them: %s', (text) => expect(isName(text)).toBe(true));

  test.each([
    '',
    'a/b',
    '.',
    '..',
    '.a',
    'a*',
    'a b',
    'a\n',
    '\n',
    'é',
    'a%20b',
    'a\\b',
    '<a>',
    'a"b',
  ])('is never %j', (text) => expect(isName(text)).toBe(false));
});

describe('a counter name', () => {
  test('is a lower-case letter, then also digits and dashes, up to the limit', () => {
    const { counterNameLength } = limits;
    const texts = fc.oneof(nearlyNames(counterNameCharacters, counterNameLength), fc.string());
    fc.assert(
      fc.property(texts, (text) => {
        const expected = follows(text, lower, counterNameCharacters, counterNameLength);
        expect(isCounterName(text)).toBe(expected);
      }),
    );
  });

  test('is a name, too', () => {
    const names = fc.string({ unit: fc.constantFrom(...counterNameCharacters), minLength: 1 });
    fc.assert(fc.property(names.filter(isCounterName), (name) => isName(name)));
  });
});

describe('a reserved name', () => {
  test('is one of the words that routes have now or later, in the place of a subject, counter or member', () => {
    const subjects =
      'visitors top members status subjects users batch keys passes health live docs console assets jwt embed openapi.json llms.txt admin v1';
    expect(reservedSubjects.toSorted()).toEqual(subjects.split(' ').toSorted());
    expect(reservedCounters.toSorted()).toEqual(['home', 'live', 'settings']);
    expect(reservedMembers).toEqual(['me']);
  });

  test('is reserved as it is written and no other way', () => {
    expect(reservedSubjects.every(isReservedSubject)).toBe(true);
    expect(['V1', 'user', 'post-42', 'settings', 'me'].some(isReservedSubject)).toBe(false);
    expect(reservedCounters.every(isReservedCounter)).toBe(true);
    expect(['likes', 'v1', 'setting', 'users'].some(isReservedCounter)).toBe(false);
    expect(reservedMembers.every(isReservedMember)).toBe(true);
    expect(['Me', 'mee', 'users'].some(isReservedMember)).toBe(false);
  });

  test('would be a name otherwise', () => {
    expect([...reservedSubjects, ...reservedMembers].every(isName)).toBe(true);
    expect(reservedCounters.every(isCounterName)).toBe(true);
  });
});
