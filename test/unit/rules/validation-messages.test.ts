/** Every message about a wrong input is ours: for requests, tally.config.ts and the command line. */
import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import * as keySchemas from '../../../functions/access/key-schemas.ts';
import {
  type CounterInput,
  defineCounters,
  type SettingsInput,
} from '../../../functions/counters/define-counters.ts';
import { check, wholeOfBody } from '../../../functions/http/check-input.ts';
import { batchBody, batchItem } from '../../../functions/http/schemas/batch-requests.ts';
import { keyBody, passBody } from '../../../functions/http/schemas/caller-requests.ts';
import {
  changeBody,
  emptyBody,
  historyQuery,
  readQuery,
  settingsBody,
} from '../../../functions/http/schemas/counter-requests.ts';
import { reactionBody } from '../../../functions/http/schemas/member-requests.ts';
import { limits } from '../../../functions/rules/limits.ts';
import { describeIssue, validationMessage } from '../../../functions/rules/validation-messages.ts';

const messagesOf = (schema: v.GenericSchema, input: unknown): string[] =>
  (v.safeParse(schema, input, { message: validationMessage }).issues ?? []).map((issue) =>
    describeIssue(issue, 'The body'),
  );

const isOurs = (message: string): boolean =>
  // Texts that came in are quoted, and are nobody's words but the caller's.
  !/Invalid|Expected|expected|received|undefined|is not valid/.test(
    message.replaceAll(/"[^"]*"/g, ''),
  );

const requests = {
  changeBody,
  settingsBody,
  reactionBody,
  emptyBody,
  keyBody,
  passBody,
  batchItem,
  batchBody,
  historyQuery,
  readQuery,
  scope: keySchemas.scope,
  callsPerMinute: keySchemas.callsPerMinute,
} satisfies Record<string, v.GenericSchema>;

/** Words that schemas know, so that random inputs get past the first mistake. */
const words = (text: string) => fc.constantFrom(...text.split(' '));
const field = words(
  'action amount time_zone day_start choice scopes actions subjects counters calls_per_minute member ' +
    'subject counter expires_in_seconds items window from to consistent idempotency_key kind windows ' +
    'bounds min max keepDays day hour minute maxShards access read write startsAt gaps choices ' +
    'heartbeatSeconds awayAfterSeconds corsOrigins timeZone dayStart tokenHours readCacheSeconds ' +
    '__proto__ constructor amout',
);
const word = words(
  'read write admin increment decrement true all day public key count ticket reaction presence ' +
    'unique deferred none * users',
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 0, 1, -1, 1.5, 2 ** 53, Number.NaN, undefined),
    word,
    fc.string(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(field, tie('value'), { maxKeys: 6 }),
  ),
}));
const object = fc.dictionary(field, value, { maxKeys: 8 });

describe('a message', () => {
  test.each(Object.entries(requests))('of %s never has the words of a library', (_, schema) => {
    fc.assert(
      fc.property(fc.oneof(object, value), (input) => {
        for (const message of messagesOf(schema, input)) expect(message).toSatisfy(isOurs);
      }),
    );
  });

  test('of a request never has the words of a library', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(requests)), value, (schema, input) => {
        const checked = check(schema, input, wholeOfBody());
        for (const { detail } of checked.ok ? [] : checked.mistakes) {
          expect(detail).toSatisfy(isOurs);
        }
      }),
    );
  });

  test('of tally.config.ts never has the words of a library', () => {
    const kind = fc.constantFrom('count', 'ticket', 'reaction', 'presence', 'unique');
    const definition = fc.tuple(kind, object).map(([name, rest]) => ({ ...rest, kind: name }));
    fc.assert(
      fc.property(fc.oneof(definition, value), fc.oneof(object, value), (input, settings) => {
        try {
          const counters = { likes: input as CounterInput };
          defineCounters(counters, settings as SettingsInput);
        } catch (error) {
          const [, ...problems] = (error as Error).message.split('\n');
          for (const problem of problems) expect(problem).toSatisfy(isOurs);
        }
      }),
    );
  });

  test.each<[schema: v.GenericSchema, input: unknown, messages: string[]]>([
    [changeBody, {}, ['action is missing']],
    [changeBody, null, ['The body must be an object']],
    [
      changeBody,
      { action: 'add', amount: '1', amout: 2 },
      [
        'action must be one of increment, decrement, set, not "add"',
        'amount must be a number',
        'amout is not a known field',
      ],
    ],
    [changeBody, { action: 'increment', amount: 1.5 }, ['amount must be a whole number']],
    [changeBody, { action: 'increment', amount: 0 }, ['amount must be at least 1']],
    [
      changeBody,
      { action: 'increment', amount: limits.amount + 1 },
      [`amount must be at most ${limits.amount}`],
    ],
    [passBody, { actions: ['read'], subject: 'post-42' }, ['member is missing']],
    [keyBody, { scopes: {} }, ['scopes must be a list']],
    [keyBody, { scopes: [] }, ['scopes must not be empty']],
    [
      keyBody,
      { scopes: [{ actions: ['read', 'read'], subjects: ['a b', 'users'] }] },
      [
        'scopes.0.actions has an action twice',
        'scopes.0.subjects.0 must be a subject, or the beginning of one followed by *',
        'scopes.0.subjects.1 is a reserved name, which no subject has',
      ],
    ],
    [batchItem, { subject: 'a', counter: 'b' }, ['action is missing']],
    [
      batchItem,
      { subject: 'a', counter: 'b', action: 'x'.repeat(50) },
      [`action must be one of read, increment, decrement, not "${'x'.repeat(40)}…"`],
    ],
    [
      batchBody,
      {
        items: Array.from({ length: limits.batchItems + 1 }, () => ({
          subject: 'a',
          counter: 'b',
          action: 'read',
        })),
      },
      [`items must have at most ${limits.batchItems} entries`],
    ],
    [settingsBody, { time_zone: 'PST' }, ['time_zone must be a time zone such as Europe/Berlin']],
  ])('says what is wrong, for all mistakes at once: %#', (schema, input, messages) => {
    expect(messagesOf(schema, input)).toEqual(messages);
  });
});
