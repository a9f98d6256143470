/**
 * The configuration of a deployment: which counters there are and what each may do. It is checked
 * once, when it is loaded: a wrong one stops `cdk deploy` and `npm start` with a message that names
 * the counter and the field, and never reaches a request.
 */
import * as v from 'valibot';
import { amountsFor } from '../rules/amounts.ts';
import { isTimeOfDay, isTimeZone } from '../rules/calendar.ts';
import { limits } from '../rules/limits.ts';
import { counterNameRule, isCounterName, isReservedCounter } from '../rules/names.ts';
import { describeIssue, validationMessage } from '../rules/validation-messages.ts';
import { windowKinds } from '../rules/windows.ts';
import { strictObject } from './strict-object.ts';
import { visitorSettings } from './visitor-settings.ts';

const integer = v.pipe(v.number(), v.safeInteger());
const between = (least: number, most: number) =>
  v.pipe(integer, v.minValue(least), v.maxValue(most));

const who = v.picklist(['public', 'key']);
const access = strictObject({
  /** Who may read it: everybody, or callers with an API key or a pass for it. */
  read: who,
  /** Who may change it. */
  write: who,
});
const accessWithVisitors = strictObject({
  /** Who may read it: everybody, or callers with an API key or a pass for it. */
  read: who,
  /** Who may change it. `visitor`: also people without an account, once Tally has given them a pass. */
  write: v.picklist(['public', 'visitor', 'key']),
});
const keptFor = (usual: number) => v.optional(between(0, limits.keepDaysMax), usual);
const keepDays = strictObject({
  /** For windows of a day. */
  day: keptFor(limits.keepDays.day),
  /** For windows of an hour. */
  hour: keptFor(limits.keepDays.hour),
  /** For windows of a minute. */
  minute: keptFor(limits.keepDays.minute),
});

const windowList = v.pipe(
  v.tupleWithRest([v.picklist(windowKinds)], v.picklist(windowKinds)),
  v.check((windows) => new Set(windows).size === windows.length, 'names a window twice'),
);

const boundsDefinition = strictObject({
  /** At most 0, where every counter starts. */
  min: v.optional(integer),
  /** At least 0. */
  max: v.optional(integer),
});

const amountsDefinition = strictObject({
  /** The most that one change may add or take. */
  max: v.optional(between(1, limits.amount)),
  /** Whether a change may take. */
  decrement: v.optional(v.boolean()),
});

const countDefinition = strictObject({
  kind: v.literal('count'),
  /** `immediate`: the number has moved when the call returns. `deferred`: one write, folded after. */
  write: v.optional(v.picklist(['immediate', 'deferred']), 'immediate'),
  /** The first window is the one shown and written at once; the others are folded. */
  windows: v.optional(windowList, ['all']),
  /**
   * The range that the count never leaves: a change that would leave it is refused. Bounds need the
   * count in one cell: a count that has grown to several and gets bounds later refuses all changes.
   * Not with deferred writes, which are accepted before they are added.
   */
  bounds: v.optional(boundsDefinition),
  /**
   * What one change may be. By default anything where writing takes an API key; elsewhere at most 1, and
   * no decrement.
   */
  amounts: v.optional(amountsDefinition, {}),
  /** Days that windows of each kind are kept after their end. */
  keepDays: v.optional(keepDays, {}),
  /** How many cells contention can spread a total over. */
  maxShards: v.optional(between(1, limits.maxShardsMax), limits.maxShards),
  /** Who may do what without an API key. */
  access: accessWithVisitors,
});

const countRules = v.pipe(
  countDefinition,
  v.forward(
    v.partialCheck(
      [['write'], ['bounds']],
      ({ write, bounds }) => !(bounds && write === 'deferred'),
      'cannot be kept by deferred writes, which are accepted before they are added',
    ),
    ['bounds'],
  ),
  v.forward(
    v.partialCheck(
      [['bounds']],
      ({ bounds }) => !bounds || bounds.min !== undefined || bounds.max !== undefined,
      'needs a min or a max',
    ),
    ['bounds'],
  ),
  v.forward(
    v.partialCheck(
      [['bounds']],
      ({ bounds }) => (bounds?.min ?? 0) <= 0 && (bounds?.max ?? 0) >= 0,
      'must have 0 between them, where every counter starts',
    ),
    ['bounds'],
  ),
  v.transform((definition) => ({
    ...definition,
    amounts: amountsFor(definition.amounts, { takesKey: definition.access.write === 'key' }),
  })),
);

const ticketDefinition = strictObject({
  kind: v.literal('ticket'),
  /** The first number of a shift. */
  startsAt: v.optional(between(0, limits.amount), 1),
  /** Who may do what without an API key. */
  access,
});

const reactionDefinition = strictObject({
  kind: v.literal('reaction'),
  /** What a member can choose: one choice makes a like button, several make a vote. */
  choices: v.pipe(
    v.array(v.pipe(v.string(), v.check(isCounterName, `must be ${counterNameRule}`))),
    v.minLength(1, 'needs at least one choice'),
    v.maxLength(limits.choices),
    v.check((choices) => new Set(choices).size === choices.length, 'names a choice twice'),
  ),
  /** Who may do what without an API key. */
  access: accessWithVisitors,
});

const presenceDefinition = v.pipe(
  strictObject({
    kind: v.literal('presence'),
    /** How often a viewer's page says that it is open. */
    heartbeatSeconds: v.optional(between(1, limits.heartbeatSecondsMax), 10),
    /** How long a silent viewer still counts: more than one heartbeat, and at most 32. */
    awayAfterSeconds: v.optional(between(1, limits.awayAfterSecondsMax), 30),
    /** Who may do what without an API key. */
    access: accessWithVisitors,
  }),
  v.forward(
    v.partialCheck(
      [['heartbeatSeconds'], ['awayAfterSeconds']],
      ({ heartbeatSeconds, awayAfterSeconds }) =>
        awayAfterSeconds > heartbeatSeconds &&
        awayAfterSeconds / heartbeatSeconds <= limits.presentBuckets,
      `must be more than heartbeatSeconds, and at most ${limits.presentBuckets} times as much`,
    ),
    ['awayAfterSeconds'],
  ),
);

const uniqueDefinition = strictObject({
  kind: v.literal('unique'),
  /** Each window has its own sketch; the first one is shown. */
  windows: windowList,
  /** Days that windows of each kind are kept after their end. */
  keepDays: v.optional(keepDays, {}),
  /** Who may do what without an API key. */
  access: accessWithVisitors,
});

const limitDefinition = v.pipe(
  strictObject({
    kind: v.literal('limit'),
    /** So many units can be taken in `perSeconds`. */
    max: between(1, limits.limitUnits),
    /** The time in which `max` grows back. */
    perSeconds: between(1, limits.limitPerSeconds),
    /** So many at once, when nothing was taken for a while; `max` if left out. */
    burst: v.optional(between(1, limits.limitUnits)),
    /** Who may do what without an API key. */
    access,
  }),
  v.forward(
    v.partialCheck(
      [['max'], ['perSeconds']],
      ({ max, perSeconds }) => max / perSeconds <= limits.limitUnitsPerSecond,
      `must be at most ${limits.limitUnitsPerSecond} a second`,
    ),
    ['max'],
  ),
);

/** As browsers send it: without path, final slash and default port. */
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

const corsOrigin = v.pipe(
  v.string(),
  v.check(
    (text) => text === '*' || isOrigin(text),
    'must be an origin such as https://example.com',
  ),
);

const headerName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header such as x-request-id'),
);

export const settingsSchema = strictObject({
  /**
   * Origins whose pages may read answers, and write: `https://*.example.com` for all subdomains, `*`
   * for all; `[]` for none but Tally's own. Clients that are not browsers may always.
   */
  corsOrigins: v.optional(v.array(corsOrigin), ['*']),
  /** Headers that pages of other origins may send beside the usual ones. */
  corsHeaders: v.optional(v.pipe(v.array(headerName), v.maxLength(limits.corsHeaders)), []),
  /** By whose clocks days begin for a subject without settings of its own. */
  timeZone: v.optional(
    v.pipe(v.string(), v.check(isTimeZone, 'must be a time zone such as Europe/Berlin')),
    'UTC',
  ),
  /** The wall-clock time at which they begin. */
  dayStart: v.optional(
    v.pipe(v.string(), v.check(isTimeOfDay, 'must be a time of day such as 04:00')),
    '00:00',
  ),
  /** Hours that an idempotency key is remembered. */
  tokenHours: v.optional(between(1, limits.tokenHoursMax), limits.tokenHours),
  /** Seconds that a total of several cells may be served from a function's memory. */
  readCacheSeconds: v.optional(between(0, limits.readCacheSecondsMax), limits.readCacheSeconds),
  /** How people without an account become visitors. */
  visitors: v.optional(visitorSettings, {}),
});

/** By the kind of a counter. */
export const counterSchemas = {
  count: countRules,
  ticket: ticketDefinition,
  reaction: reactionDefinition,
  presence: presenceDefinition,
  unique: uniqueDefinition,
  limit: limitDefinition,
} as const;

export type CountDefinition = v.InferOutput<typeof countRules>;
export type TicketDefinition = v.InferOutput<typeof ticketDefinition>;
export type ReactionDefinition = v.InferOutput<typeof reactionDefinition>;
export type PresenceDefinition = v.InferOutput<typeof presenceDefinition>;
export type UniqueDefinition = v.InferOutput<typeof uniqueDefinition>;
export type LimitDefinition = v.InferOutput<typeof limitDefinition>;
export type CounterDefinition =
  | CountDefinition
  | TicketDefinition
  | ReactionDefinition
  | PresenceDefinition
  | UniqueDefinition
  | LimitDefinition;
export type CounterKind = CounterDefinition['kind'];
export type CounterInput = v.InferInput<(typeof counterSchemas)[CounterKind]>;
export type Settings = v.InferOutput<typeof settingsSchema>;
export type SettingsInput = v.InferInput<typeof settingsSchema>;

export interface TallyConfig {
  readonly counters: ReadonlyMap<string, CounterDefinition>;
  readonly settings: Settings;
}

export class InvalidConfigError extends Error {
  override readonly name = 'InvalidConfigError';
}

/**
 * Checks the counters of a deployment and fills in defaults.
 *
 * @param counters each counter's definition by its name
 * @param settings what holds for all of them
 * @throws InvalidConfigError naming every counter and field that is wrong
 */
export function defineCounters(
  counters: Readonly<Record<string, CounterInput>>,
  settings: SettingsInput = {},
): TallyConfig {
  const problems: string[] = [];
  const checked = new Map<string, CounterDefinition>();
  for (const [name, input] of Object.entries(counters)) {
    problems.push(...problemsOfName(name));
    const kind: string | undefined = (input as { kind?: string } | undefined)?.kind;
    if (kind === undefined || !Object.hasOwn(counterSchemas, kind)) {
      problems.push(
        `counter "${name}": kind must be one of ${Object.keys(counterSchemas).join(', ')}`,
      );
      continue;
    }
    const result = v.safeParse(
      counterSchemas[kind as keyof typeof counterSchemas],
      input,
      messages,
    );
    if (result.success) checked.set(name, result.output);
    else problems.push(...problemsOf(`counter "${name}"`, result.issues));
  }
  const checkedSettings = v.safeParse(settingsSchema, settings, messages);
  if (!checkedSettings.success) {
    problems.push(...problemsOf('settings', checkedSettings.issues));
  }
  if (problems.length > 0 || !checkedSettings.success) {
    throw new InvalidConfigError(`tally.config.ts is not valid:\n  ${problems.join('\n  ')}`);
  }
  return { counters: checked, settings: checkedSettings.output };
}

const messages = { message: validationMessage };

const problemsOf = (place: string, issues: readonly v.BaseIssue<unknown>[]): string[] =>
  issues.map((issue) => `${place}: ${describeIssue(issue, 'it')}`);

function problemsOfName(name: string): string[] {
  if (isReservedCounter(name)) return [`counter "${name}": this name is reserved`];
  if (isCounterName(name)) return [];
  return [`counter "${name}": a name is ${counterNameRule}`];
}
