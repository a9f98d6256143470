import { describe, expect, test } from 'vitest';
import {
  type CounterInput,
  defineCounters,
  InvalidConfigError,
  type SettingsInput,
} from '../../../functions/counters/define-counters.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { tally } from '../../../tally.config.ts';

const access = { read: 'public', write: 'key' } as const;
const count = { kind: 'count', access } as const;
const ticket = { kind: 'ticket', access } as const;
const reaction = { kind: 'reaction', choices: ['like'], access } as const;
const presence = { kind: 'presence', access } as const;
const unique = { kind: 'unique', windows: ['day'], access } as const;

/** What a configuration is refused with, line by line; it may have any mistake, also in its types. */
function problemsOf(counters: Record<string, unknown>, settings: unknown = {}): string[] {
  try {
    defineCounters(counters as Record<string, CounterInput>, settings as SettingsInput);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfigError);
    return (error as Error).message.split('\n').slice(1);
  }
  return [];
}

test('the configuration as it is shipped is valid', () => {
  const kinds = [...tally.counters].map(([name, { kind }]) => [name, kind]);
  expect(Object.fromEntries(kinds)).toEqual({
    counter: 'count',
    likes: 'reaction',
    views: 'count',
    reactions: 'reaction',
    viewers: 'presence',
    visitors: 'unique',
    orders: 'ticket',
    stock: 'count',
    calls: 'limit',
  });
});

describe('a limit', () => {
  const limit = { kind: 'limit', max: 100, perSeconds: 60, access } as const;

  test('has all of a time at once, unless it says otherwise', () => {
    expect(defineCounters({ calls: limit }).counters.get('calls')).toEqual(limit);
    const steady = { ...limit, burst: 5 };
    expect(defineCounters({ calls: steady }).counters.get('calls')).toEqual(steady);
  });

  test.each([
    ['max', { max: 0 }, 'at least 1'],
    ['max', { max: 1.5 }, 'whole number'],
    ['perSeconds', { perSeconds: -1 }, 'at least 1'],
    ['perSeconds', { perSeconds: limits.limitPerSeconds + 1 }, 'at most'],
    ['burst', { burst: limits.limitUnits + 1 }, 'at most'],
    ['max', { max: limits.limitUnits, perSeconds: 1 }, 'a second'],
    ['windows', { windows: ['day'] }, 'not a known field'],
  ])('names a wrong %s', (field, wrong, says) => {
    const [problem = '', ...others] = problemsOf({ calls: { ...limit, ...wrong } });
    expect(others).toEqual([]);
    expect(problem).toContain(`counter "calls": ${field}`);
    expect(problem).toContain(says);
  });
});

describe('defaults', () => {
  test('a count is written at once, never restarts and has no bounds', () => {
    expect(defineCounters({ likes: count }).counters.get('likes')).toEqual({
      kind: 'count',
      write: 'immediate',
      windows: ['all'],
      amounts: { max: limits.amount, decrement: true },
      keepDays: limits.keepDays,
      maxShards: limits.maxShards,
      access,
    });
  });

  test('a change is any amount where writing takes an API key, else 1 more', () => {
    const amountsOf = (write: 'public' | 'key', amounts = {}) => {
      const likes = { ...count, access: { read: 'public', write }, amounts } as const;
      return defineCounters({ likes }).counters.get('likes');
    };
    const expectAmounts = (found: unknown, amounts: object) =>
      expect(found).toMatchObject({ amounts });
    expectAmounts(amountsOf('key'), { max: limits.amount, decrement: true });
    expectAmounts(amountsOf('public'), { max: 1, decrement: false });
    expectAmounts(amountsOf('public', { max: 5 }), { max: 5, decrement: false });
    expectAmounts(amountsOf('public', { decrement: true }), { max: 1, decrement: true });
    expectAmounts(amountsOf('key', { max: 5 }), { max: 5, decrement: true });
    expectAmounts(amountsOf('key', { decrement: false }), { max: limits.amount, decrement: false });
  });

  test('what is said of one kind of window leaves the others as they are', () => {
    const { counters } = defineCounters({ likes: { ...count, keepDays: { hour: 2 } } });
    expect(counters.get('likes')).toMatchObject({ keepDays: { ...limits.keepDays, hour: 2 } });
  });

  test('tickets start at 1', () => {
    const { counters } = defineCounters({ orders: ticket });
    expect(counters.get('orders')).toMatchObject({ startsAt: 1 });
    expect(() => defineCounters({ orders: { ...ticket, gaps: 'allowed' } as never })).toThrow(
      'gaps is not a known field',
    );
  });

  test('a viewer says every ten seconds that it is there, and is away after thirty', () => {
    const { counters } = defineCounters({ viewers: presence });
    expect(counters.get('viewers')).toMatchObject({ heartbeatSeconds: 10, awayAfterSeconds: 30 });
  });

  test('every origin may call, days are those of UTC, tokens are remembered for a day, visitors prove work', () => {
    expect(defineCounters({}).settings).toEqual({
      corsOrigins: ['*'],
      corsHeaders: [],
      timeZone: 'UTC',
      dayStart: '00:00',
      tokenHours: 24,
      readCacheSeconds: 1,
      visitors: { challenge: { type: 'proof-of-work', bits: 18 }, passHours: 24 },
    });
  });
});

describe('what may be configured is taken up to its limits', () => {
  test.each<[string, CounterInput]>([
    ['every window', { ...count, windows: ['minute', 'hour', 'day', 'all'] }],
    ['bounds that meet at 0', { ...count, bounds: { min: 0, max: 0 } }],
    ['one bound', { ...count, bounds: { max: 100 } }],
    ['windows that are not kept', { ...count, keepDays: { day: 0, hour: 0, minute: 0 } }],
    ['windows that are kept for ten years', { ...count, keepDays: { day: limits.keepDaysMax } }],
    ['one shard', { ...count, maxShards: 1 }],
    ['as many shards as there may be', { ...count, maxShards: limits.maxShardsMax }],
    ['tickets from 0', { ...ticket, startsAt: 0 }],
  ])('%s', (_, definition) => expect(problemsOf({ c: definition })).toEqual([]));

  test.each<[string, SettingsInput]>([
    ['no memory of totals', { readCacheSeconds: 0 }],
    ['a month of tokens', { tokenHours: limits.tokenHoursMax }],
    ['no challenge', { visitors: { challenge: { type: 'none' } } }],
    ['a hard proof of work', { visitors: { challenge: { type: 'proof-of-work', bits: 22 } } }],
    [
      'a captcha and passes of a week',
      { visitors: { challenge: { type: 'turnstile', siteKey: '0x4AAA' }, passHours: 168 } },
    ],
    ['business days', { timeZone: 'Asia/Kathmandu', dayStart: '04:00' }],
    [
      'some origins',
      { corsOrigins: ['https://shop.test', 'http://localhost:3000', 'https://*.shop.test', '*'] },
    ],
  ])('%s', (_, settings) => expect(problemsOf({}, settings)).toEqual([]));
});

describe('a mistake is told with its counter and its field:', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'kind'],
    ['null', null, 'kind'],
    ['a word', 'count', 'kind'],
    ['no kind', { access }, 'kind'],
    ['an unknown kind', { ...count, kind: 'conut' }, 'kind'],
    ["a kind that is every object's", { ...count, kind: 'toString' }, 'kind'],
    ['no access', { kind: 'count' }, 'access'],
    [
      'tickets for visitors',
      { ...ticket, access: { read: 'public', write: 'visitor' } },
      'access.write',
    ],
    [
      'a count that visitors read',
      { ...count, access: { read: 'visitor', write: 'key' } },
      'access.read',
    ],
    ['access for nobody in particular', { ...count, access: 'public' }, 'access'],
    ['no access to read', { ...count, access: { write: 'key' } }, 'access.read'],
    ['no access to write', { ...count, access: { read: 'key' } }, 'access.write'],
    ['another access', { ...count, access: { ...access, read: 'all' } }, 'access.read'],
    ['an access too many', { ...count, access: { ...access, reset: 'key' } }, 'access.reset'],
    ['a setting that there is not', { ...count, colour: 'red' }, 'colour'],
    ['a setting of another kind', { ...ticket, windows: ['all'] }, 'windows'],
    ['another way to write', { ...count, write: 'later' }, 'write'],
    ['no window', { ...count, windows: [] }, 'windows'],
    ['a window not in a list', { ...count, windows: 'all' }, 'windows'],
    ['an unknown window', { ...count, windows: ['all', 'week'] }, 'windows.1'],
    ['a window twice', { ...count, windows: ['day', 'all', 'day'] }, 'windows'],
    ['empty bounds', { ...count, bounds: {} }, 'bounds'],
    ['bounds that are one number', { ...count, bounds: 10 }, 'bounds'],
    ['a misspelt bound', { ...count, bounds: { min: 0, mx: 1 } }, 'bounds.mx'],
    ['a bound that is text', { ...count, bounds: { max: '9' } }, 'bounds.max'],
    ['half a bound', { ...count, bounds: { max: 0.5 } }, 'bounds.max'],
    ['a bound that JSON cannot carry', { ...count, bounds: { max: 2 ** 53 } }, 'bounds.max'],
    ['a bound that is not a number', { ...count, bounds: { min: Number.NaN } }, 'bounds.min'],
    ['bounds above 0', { ...count, bounds: { min: 1 } }, 'bounds'],
    ['bounds below 0', { ...count, bounds: { max: -1 } }, 'bounds'],
    ['bounds the wrong way round', { ...count, bounds: { min: 5, max: -5 } }, 'bounds'],
    ['bounds of deferred writes', { ...count, bounds: { min: 0 }, write: 'deferred' }, 'bounds'],
    ['negative days', { ...count, keepDays: { day: -1 } }, 'keepDays.day'],
    ['too many days', { ...count, keepDays: { hour: 3651 } }, 'keepDays.hour'],
    ['days of an unknown window', { ...count, keepDays: { week: 1 } }, 'keepDays.week'],
    ['days of the window that never ends', { ...count, keepDays: { all: 1 } }, 'keepDays.all'],
    ['an amount of 0', { ...count, amounts: { max: 0 } }, 'amounts.max'],
    ['an amount too large', { ...count, amounts: { max: 1e9 + 1 } }, 'amounts.max'],
    ['half an amount', { ...count, amounts: { max: 1.5 } }, 'amounts.max'],
    ['decrements by number', { ...count, amounts: { decrement: 1 } }, 'amounts.decrement'],
    ['a lowest amount', { ...count, amounts: { min: 1 } }, 'amounts.min'],
    ['no shard', { ...count, maxShards: 0 }, 'maxShards'],
    ['half a shard', { ...count, maxShards: 1.5 }, 'maxShards'],
    ['too many shards', { ...count, maxShards: 257 }, 'maxShards'],
    ['tickets below 0', { ...ticket, startsAt: -1 }, 'startsAt'],
    ['other gaps', { ...ticket, gaps: 'some' }, 'gaps'],
    ['no choices', { kind: 'reaction', access }, 'choices'],
    ['an empty list of choices', { ...reaction, choices: [] }, 'choices'],
    ['a choice twice', { ...reaction, choices: ['like', 'like'] }, 'choices'],
    ['a choice that is not a name', { ...reaction, choices: ['like', 'so/so'] }, 'choices.1'],
    ['no heartbeat', { ...presence, heartbeatSeconds: 0 }, 'heartbeatSeconds'],
    [
      'away before the next heartbeat',
      { ...presence, heartbeatSeconds: 10, awayAfterSeconds: 10 },
      'awayAfterSeconds',
    ],
    [
      'too many heartbeats before away',
      { ...presence, heartbeatSeconds: 1, awayAfterSeconds: 3600 },
      'awayAfterSeconds',
    ],
    ['a unique count of an unknown window', { ...unique, windows: ['week'] }, 'windows.0'],
  ])('%s', (_, definition, field) => {
    const problems = problemsOf({ 'good-one': count, wrong: definition });
    expect(problems).not.toEqual([]);
    for (const problem of problems) expect(problem).toContain('counter "wrong": ');
    expect(problems.some((problem) => problem.includes(`"wrong": ${field}`))).toBe(true);
  });

  test.each(['', 'Likes', '1st', '-likes', 'my_likes', 'likes#', 'likes/day', 'l'.repeat(33), 'é'])(
    'the name %j',
    (name) => {
      expect(problemsOf({ [name]: count })).toEqual([
        expect.stringContaining(`counter "${name}": a name is`),
      ]);
    },
  );

  test('a name that is reserved', () => {
    const problems = problemsOf({ settings: count });
    expect(problems).toEqual([
      expect.stringContaining('counter "settings": this name is reserved'),
    ]);
  });

  test.each<[string, unknown, string]>([
    ['a header with a space', { corsHeaders: ['x-request-id', 'a b'] }, 'corsHeaders.1'],
    ['a header that is two', { corsHeaders: ['a,b'] }, 'corsHeaders.0'],
    ['too many headers', { corsHeaders: Array(21).fill('x-a') }, 'corsHeaders'],
    ['one origin not in a list', { corsOrigins: '*' }, 'corsOrigins'],
    ['an empty origin', { corsOrigins: [''] }, 'corsOrigins.0'],
    ['an origin with a slash', { corsOrigins: ['https://shop.test/'] }, 'corsOrigins.0'],
    ['an origin without a scheme', { corsOrigins: ['*', 'shop.test'] }, 'corsOrigins.1'],
    ['an abbreviated time zone', { timeZone: 'PST' }, 'timeZone'],
    ['a time zone that there is not', { timeZone: 'Mars/Base' }, 'timeZone'],
    ['an offset for a time zone', { timeZone: '+02:00' }, 'timeZone'],
    ['a day that begins after its end', { dayStart: '24:00' }, 'dayStart'],
    ['a day that begins at a bare hour', { dayStart: '4' }, 'dayStart'],
    ['no memory of tokens', { tokenHours: 0 }, 'tokenHours'],
    ['more than a month of tokens', { tokenHours: 721 }, 'tokenHours'],
    [
      'an unknown challenge',
      { visitors: { challenge: { type: 'quiz' } } },
      'visitors.challenge.type',
    ],
    [
      'a captcha without its key',
      { visitors: { challenge: { type: 'hcaptcha' } } },
      'visitors.challenge.siteKey',
    ],
    [
      'more work than anybody does',
      { visitors: { challenge: { type: 'proof-of-work', bits: 23 } } },
      'visitors.challenge.bits',
    ],
    ['passes without an end', { visitors: { passHours: 169 } }, 'visitors.passHours'],
    ['a negative time', { readCacheSeconds: -1 }, 'readCacheSeconds'],
    ['a time too long', { readCacheSeconds: 3601 }, 'readCacheSeconds'],
    ['a setting that there is not', { timezone: 'UTC' }, 'timezone'],
  ])('%s, in the settings', (_, settings, field) => {
    const problems = problemsOf({ likes: count }, settings);
    expect(problems).toEqual([expect.stringContaining(`settings: ${field}`)]);
  });
});

test('all mistakes are told at once', () => {
  const problems = problemsOf(
    { likes: { ...count, write: 'later', maxShards: 0 }, Views: {}, settings: ticket },
    { tokenHours: 0 },
  );
  const expected = [
    'counter "likes": write',
    'counter "likes": maxShards',
    'counter "Views": a name',
    'counter "Views": kind',
    'counter "settings": this name',
    'settings: tokenHours',
  ];
  expect(problems).toEqual(expected.map((start) => expect.stringContaining(start)));
});

test('all mistakes are named at once: of every counter, field and setting', () => {
  const problems = problemsOf(
    {
      likes: { ...count, colour: 'red', size: 3, bounds: { least: 1, most: 2 } },
      home: count,
      orders: { ...ticket, startsAt: -1, gaps: 'allowed' },
      views: { ...count, windows: ['week'], access: { read: 'all', write: 'nobody', admin: 'x' } },
      nothing: { kind: 'nothing' },
    },
    { timezone: 'UTC', tokenhours: 3, dayStart: 'noon' },
  );
  const expected = [
    'counter "likes": colour is not a known field',
    'counter "likes": size is not a known field',
    'counter "likes": bounds.least is not a known field',
    'counter "likes": bounds.most is not a known field',
    'counter "orders": startsAt must be at least 0',
    'counter "orders": gaps is not a known field',
    'counter "views": access.admin is not a known field',
    'settings: timezone is not a known field',
    'settings: tokenhours is not a known field',
    'settings: dayStart must be a time of day such as 04:00',
  ];
  expect(problems.map((it) => it.trim())).toEqual(expect.arrayContaining(expected));
  for (const part of [
    '"views": windows',
    '"views": access.read',
    '"views": access.write',
    'kind',
  ]) {
    expect(
      problems.filter((it) => it.includes(part)),
      part,
    ).toHaveLength(1);
  }
});
