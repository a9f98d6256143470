import { describe, expect, test } from 'vitest';
import { limits } from '../../../functions/rules/limits.ts';
import { liveTurn } from '../../../functions/rules/live-turn.ts';

const nowMs = Date.UTC(2026, 10, 21, 9, 30);
const { publishEveryMs } = limits;
const untilMs = nowMs + 600_000;
const watch = { untilMs, sentAtMs: undefined, isLeased: false };

describe('the turn to send', () => {
  test('is nobody’s where nobody listens, or not any more', () => {
    expect(liveTurn(undefined, nowMs)).toEqual({ turn: 'nobody' });
    expect(liveTurn(watch, untilMs)).toEqual({ turn: 'nobody' });
  });

  test('is now for the first message, and a quarter of a second after the last', () => {
    expect(liveTurn(watch, nowMs)).toEqual({ turn: 'send', sentAtMs: nowMs });
    const later = { ...watch, sentAtMs: nowMs - publishEveryMs };
    expect(liveTurn(later, nowMs)).toEqual({ turn: 'send', sentAtMs: nowMs });
  });

  test('is at the end of that time for one function, and never for the others', () => {
    const sentAtMs = nowMs - 100;
    expect(liveTurn({ ...watch, sentAtMs }, nowMs)).toEqual({
      turn: 'lease',
      waitMs: publishEveryMs - 100,
      sentAtMs: sentAtMs + publishEveryMs,
    });
    expect(liveTurn({ ...watch, sentAtMs, isLeased: true }, nowMs)).toEqual({ turn: 'leave' });
  });

  test('is anybody’s when the time of a lease is over, for its holder may be dead', () => {
    const sentAtMs = nowMs - publishEveryMs;
    expect(liveTurn({ ...watch, sentAtMs, isLeased: true }, nowMs).turn).toBe('send');
  });

  test('is never later than that, also if the clock of the last sender is far ahead', () => {
    const sentAtMs = nowMs + 60_000;
    expect(liveTurn({ ...watch, sentAtMs }, nowMs)).toMatchObject({ waitMs: publishEveryMs });
  });
});
