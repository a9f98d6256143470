import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import {
  changedTokenLife,
  newTokenLife,
  parseToken,
  type TokenLife,
  tokenAge,
  tokenExpiry,
  trustedTokenHours,
} from '../../../functions/rules/tokens.ts';

const printable = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
const tokens = fc.string({ unit: printable, minLength: 1, maxLength: limits.tokenLength });
/** Only the quoted form can begin with a quote or have a comma in it. */
const plainTokens = tokens.filter((token) => !/^"|,/.test(token));

/** The token as a string of RFC 8941, structured fields. */
const quoted = (token: string) => `"${token.replaceAll(/["\\]/g, String.raw`\$&`)}"`;

describe('an Idempotency-Key', () => {
  test('means the same plain and quoted', () => {
    fc.assert(
      fc.property(plainTokens, (token) => {
        expect(parseToken(token)).toBe(token);
        expect(parseToken(quoted(token))).toBe(token);
      }),
    );
  });

  test('may have any printable characters when it is quoted', () => {
    fc.assert(fc.property(tokens, (token) => parseToken(quoted(token)) === token));
  });

  test('means the same with space around it', () => {
    const spaces = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
    fc.assert(
      fc.property(plainTokens, spaces, spaces, (token, before, after) => {
        expect(parseToken(`${before}${token}${after}`)).toBe(token);
        expect(parseToken(`${before}${quoted(token)}${after}`)).toBe(token);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['space', '   '],
    ['an empty string', '""'],
    ['two words', 'a b'],
    ['two quoted words', '"a b"'],
    ['a quote that does not close', '"abc'],
    ['a lone quote', '"'],
    ['a quote inside quotes', '"a"b"'],
    ['something behind the quotes', '"a";b=1'],
    ['two strings', '"a", "b"'],
    ['what HTTP makes of two headers', 'a,a'],
    ['what HTTP makes of two headers, one in quotes', 'a, "a"'],
    ['an escape that there is not', String.raw`"a\n"`],
    ['an escaped closing quote', String.raw`"a\"`],
    ['a control character', 'a\u0000b'],
    ['a line break', 'a\nb'],
    ['a letter that is not ASCII', 'clé'],
    ['one character too many', 'a'.repeat(limits.tokenLength + 1)],
    ['one character too many in quotes', quoted('a'.repeat(limits.tokenLength + 1))],
  ])('is not %s', (_, header) => expect(parseToken(header)).toBeUndefined());

  test('whatever the header says, is 1 to 255 printable ASCII characters or refused', () => {
    const headers = fc.oneof(fc.string({ unit: 'binary' }), fc.string().map(quoted), tokens);
    fc.assert(
      fc.property(headers, (header) => {
        expect(parseToken(header) ?? 'refused').toMatch(/^[\x21-\x7e]{1,255}$/);
      }),
      { numRuns: 1_000 },
    );
  });
});

const lifetimes = fc.integer({ min: 1, max: limits.tokenHoursMax });
const times = fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) });
/** What is random in a UUIDv7, in hexadecimal. */
const randomDigits = fc.string({
  unit: fc.constantFrom(...'0123456789abcdef'.split('')),
  minLength: 18,
  maxLength: 18,
});
const variants = fc.constantFrom('8', '9', 'a', 'b');

/** RFC 9562, section 5.7: 48 bits of Unix milliseconds, then version, variant and randomness. */
function uuidV7(timeMs: number, random = '0'.repeat(18), variant = '8'): string {
  const time = timeMs.toString(16).padStart(12, '0');
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${random.slice(0, 3)}`,
    `${variant}${random.slice(3, 6)}`,
    random.slice(6),
  ].join('-');
}

describe('the age of a UUIDv7', () => {
  test('is right up to the last millisecond of its lifetime, in both directions', () => {
    fc.assert(
      fc.property(
        times,
        lifetimes,
        randomDigits,
        variants,
        (madeAtMs, lifetimeHours, digits, variant) => {
          const token = uuidV7(madeAtMs, digits, variant);
          const lifetimeMs = lifetimeHours * 3_600_000;
          const ageAt = (nowMs: number) => tokenAge(token, nowMs, lifetimeMs);
          expect(ageAt(madeAtMs)).toBe('ok');
          expect(ageAt(madeAtMs + lifetimeMs)).toBe('ok');
          expect(ageAt(madeAtMs + lifetimeMs + 1)).toBe('too_old');
          expect(ageAt(madeAtMs - lifetimeMs)).toBe('ok');
          expect(ageAt(madeAtMs - lifetimeMs - 1)).toBe('in_the_future');
        },
      ),
    );
  });

  test('does not depend on the case it is written in', () => {
    fc.assert(
      fc.property(times, times, randomDigits, (madeAtMs, nowMs, digits) => {
        const token = uuidV7(madeAtMs, digits);
        const age = tokenAge(token, nowMs, 3_600_000);
        expect(tokenAge(token.toUpperCase(), nowMs, 3_600_000)).toBe(age);
      }),
    );
  });

  test('is not read into any other token', () => {
    const timeless = fc.oneof(
      fc.uuid({ version: [1, 2, 3, 4, 5, 6, 8] }),
      // A caller's own key that has a UUIDv7 in it is not one.
      times.map((madeAtMs) => `order-${uuidV7(madeAtMs)}`),
      tokens.filter((token) => token.length !== 36),
    );
    fc.assert(fc.property(timeless, times, (token, nowMs) => tokenAge(token, nowMs, 1) === 'ok'));
  });
});

describe('a stored token', () => {
  const anyTokens = fc.oneof(
    tokens,
    times.map((madeAtMs) => uuidV7(madeAtMs)),
  );

  test('outlives its lifetime after it was accepted, and the grace besides', () => {
    fc.assert(
      fc.property(anyTokens, times, lifetimes, (token, nowMs, lifetimeHours) => {
        const lifetimeMs = lifetimeHours * 3_600_000;
        const expiry = tokenExpiry(token, nowMs, lifetimeMs);
        expect(Number.isInteger(expiry)).toBe(true);
        const graceMs = limits.tokenGraceSeconds * 1000;
        expect(expiry * 1000).toBeGreaterThanOrEqual(nowMs + lifetimeMs + graceMs);
      }),
    );
  });

  test('that carries its time is forgotten only when it is refused for its age', () => {
    const acceptances = fc.tuple(times, lifetimes).chain(([nowMs, lifetimeHours]) =>
      fc.record({
        nowMs: fc.constant(nowMs),
        lifetimeMs: fc.constant(lifetimeHours * 3_600_000),
        distanceMs: fc.integer({
          min: Math.max(-nowMs, -lifetimeHours * 3_600_000),
          max: lifetimeHours * 3_600_000,
        }),
      }),
    );
    fc.assert(
      fc.property(acceptances, ({ nowMs, lifetimeMs, distanceMs }) => {
        const token = uuidV7(nowMs + distanceMs);
        expect(tokenAge(token, nowMs, lifetimeMs)).toBe('ok');
        const forgottenAtMs = tokenExpiry(token, nowMs, lifetimeMs) * 1000;
        expect(tokenAge(token, forgottenAtMs, lifetimeMs)).toBe('too_old');
        // A clock that lags by less than the grace agrees.
        const laggingMs = forgottenAtMs - limits.tokenGraceSeconds * 1000 + 1;
        expect(tokenAge(token, laggingMs, lifetimeMs)).toBe('too_old');
      }),
    );
  });

  test('is kept for two lifetimes and the grace at the most', () => {
    fc.assert(
      fc.property(times, lifetimes, (nowMs, lifetimeHours) => {
        const lifetimeMs = lifetimeHours * 3_600_000;
        const furthestAhead = uuidV7(nowMs + lifetimeMs);
        const longestMs = 2 * lifetimeMs + limits.tokenGraceSeconds * 1000 + 1000;
        expect(tokenExpiry(furthestAhead, nowMs, lifetimeMs) * 1000).toBeLessThan(
          nowMs + longestMs,
        );
      }),
    );
  });
});

describe('when the hours of tokens are configured anew', () => {
  const hourMs = 3_600_000;
  const overlapMs = limits.deploymentOverlapSeconds * 1000;

  test('one raised step is trusted for what it kept, then a little more every hour', () => {
    const raised = changedTokenLife(newTokenLife(24), 720, 0);
    const hoursAt = (hour: number) => trustedTokenHours(raised, hour * hourMs);
    expect([0, 48, 49].map(hoursAt)).toEqual([24, 24, 24]);
    expect([50, 100, 745, 5_000].map(hoursAt)).toEqual([25, 75, 720, 720]);
  });

  test('tokens of the future that were taken before several steps are waited for', () => {
    const life = [720, 1, 720].reduce(
      (it, hours) => changedTokenLife(it, hours, 0),
      newTokenLife(24),
    );
    // One made in hour 23, and taken in hour 0, was kept until hour 47.
    expect(trustedTokenHours(life, 50 * hourMs)).toBeLessThan(50 - 23);
  });

  test('fewer hours hold at once, and the same hours are no change', () => {
    const life = newTokenLife(24);
    expect(changedTokenLife(life, 24, 7)).toBe(life);
    expect(trustedTokenHours(changedTokenLife(life, 1, 7), 7)).toBe(1);
  });

  /**
   * Deployments one after the other, where functions of the one before still answer for a while. The
   * first that takes a token stores it; it must never be taken when that is forgotten. All times are
   * on a grid of half an hour, and few, so that they meet.
   */
  test('no token is taken again after it was forgotten', () => {
    const halfHours = (max: number) => fc.nat({ max }).map((it) => (it * hourMs) / 2);
    const deployment = fc.record({
      hours: fc.constantFrom(1, 2, 3, 6, 12),
      afterMs: halfHours(16),
    });
    const attempt = fc.record({ atMs: halfHours(80), isByOldFunction: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(deployment, { minLength: 1, maxLength: 4 }),
        halfHours(60),
        fc.array(attempt, { minLength: 2, maxLength: 12 }),
        (deployments, madeAtMs, attempts) => {
          let startsAtMs = 0;
          let life: TokenLife | undefined;
          const steps = deployments.map(({ hours, afterMs }) => {
            startsAtMs += afterMs;
            life = life ? changedTokenLife(life, hours, startsAtMs) : newTokenLife(hours);
            return { startsAtMs, hours, life };
          });
          /** The deployment whose function answers; undefined before the first. */
          const answering = ({ atMs, isByOldFunction }: (typeof attempts)[number]) => {
            const newest = steps.findLastIndex((step) => step.startsAtMs <= atMs);
            const isOverlap = atMs - (steps[newest]?.startsAtMs ?? 0) < overlapMs;
            return (isByOldFunction && isOverlap && steps[newest - 1]) || steps[newest];
          };
          const token = uuidV7(madeAtMs);
          let forgottenAtMs: number | undefined;
          for (const each of attempts.toSorted((a, b) => a.atMs - b.atMs)) {
            const step = answering(each);
            if (!step) continue;
            const lifetimeMs = trustedTokenHours(step.life, each.atMs) * hourMs;
            if (tokenAge(token, each.atMs, lifetimeMs) !== 'ok') continue;
            // Without the grace, which is for clocks that differ.
            forgottenAtMs ??=
              (tokenExpiry(token, each.atMs, step.hours * hourMs) - limits.tokenGraceSeconds) *
              1000;
            expect(each.atMs).toBeLessThanOrEqual(forgottenAtMs);
          }
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
