/**
 * What people are told of every operation. With the routes, schemas and problems this makes the
 * OpenAPI document; an operation that is missing here does not compile.
 *
 * Only what cannot be derived is said: the right, the path's parameters, the conditional GET and the
 * problems that come with a path, a body, a header or any request are added by openapi-document.ts.
 */
import * as v from 'valibot';
import { limits } from '../rules/limits.ts';
import type { RequestHeader, ResponseHeader } from './parameter-docs.ts';
import type { ProblemCode } from './problems.ts';
import type { OperationName } from './routes.ts';
import {
  batchAnswer,
  batchBody,
  beatAnswer,
  bookAnswer,
  changeAnswer,
  changeBody,
  choiceAnswer,
  counterAnswer,
  emptyBody,
  healthAnswer,
  historyAnswer,
  historyQuery,
  keyAnswer,
  keyBody,
  keyList,
  liveAnswer,
  passAnswer,
  passBody,
  reactionAnswer,
  reactionBody,
  reactionCounts,
  readQuery,
  settingsAnswer,
  settingsBody,
  ticketAnswer,
  uniqueAnswer,
  unreadAnswer,
  visitAnswer,
} from './schemas.ts';

export interface OperationDoc {
  readonly tag: keyof typeof tags;
  readonly summary: string;
  readonly description: string;
  readonly query?: v.GenericSchema<object>;
  readonly body?: Content;
  readonly requestHeaders?: readonly RequestHeader[];
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** Codes that neither the path nor a body or a header explains. */
  readonly problems: readonly ProblemCode[];
}

export interface AnswerDoc {
  readonly description: string;
  readonly headers?: readonly ResponseHeader[];
  /** By media type. */
  readonly content?: Readonly<Record<string, Content>>;
}

export interface Content {
  readonly schema: v.GenericSchema;
  readonly example?: unknown;
}

export const tags = {
  Counters: 'Count, and read what was counted.',
  Members: 'What people say of a subject, who is there, and how many came.',
  Users: 'What is new to a user.',
  Tickets: 'Numbers that follow each other.',
  Keys: 'Who may do what.',
  Subjects: 'What a subject has of its own.',
  Service: 'Whether Tally is up, and what it can do.',
} as const;

/** The compiler checks that the example is one. */
const content = <S extends v.GenericSchema>(schema: S, example: v.InferInput<S>): Content => ({
  schema,
  example,
});
const text: Content = { schema: v.string() };
const updatedAt = '2026-11-21T09:30:00.000Z';

export const operationDocs: Readonly<Record<OperationName, OperationDoc>> = {
  readCounter: {
    tag: 'Counters',
    summary: 'Read a counter',
    description:
      'A counter that was never changed reads 0. A reaction also has `choices`, a unique its `standard_error`; tickets show their last number. A browser gets a small page instead of JSON.',
    query: readQuery,
    answers: {
      200: {
        description: 'The count.',
        content: {
          'application/json': content(
            v.union([counterAnswer, reactionCounts, uniqueAnswer, bookAnswer]),
            { count: 811, updated_at: updatedAt },
          ),
          'text/html': text,
        },
      },
    },
    problems: [
      'invalid_window',
      'invalid_range',
      'range_too_large',
      'invalid_consistent',
      'count_too_large',
      'unavailable',
    ],
  },
  changeCounter: {
    tag: 'Counters',
    summary: 'Increment or decrement a counter',
    description:
      'Counts exactly once per `Idempotency-Key`, however often the request is sent. Without a key the change is never counted twice either, but after a 503 `outcome_unknown` nobody knows whether it was counted.',
    requestHeaders: ['Idempotency-Key', 'Prefer'],
    body: content(changeBody, { action: 'increment', amount: 1 }),
    answers: {
      200: {
        description: 'The change is accepted; the count with it.',
        headers: ['Idempotency-Replayed'],
        content: {
          'application/json': content(changeAnswer, {
            count: 812,
            updated_at: updatedAt,
            pending: false,
          }),
        },
      },
      204: {
        description:
          'The change is accepted; its count was not asked for (`Prefer: return=minimal`), or cannot be told.',
        headers: ['Idempotency-Replayed', 'Preference-Applied'],
      },
    },
    problems: [
      'wrong_kind',
      'invalid_action',
      'invalid_amount',
      'out_of_bounds',
      'contended',
      'count_too_large',
      'outcome_unknown',
      'unavailable',
    ],
  },
  readHistory: {
    tag: 'Counters',
    summary: 'Read what a counter was, window by window',
    description: `One row for each window from \`from\` to \`to\`, both included; one in which nothing happened is 0. At most ${limits.historyRows} rows.`,
    query: historyQuery,
    answers: {
      200: {
        description: 'The rows.',
        content: {
          'application/json': content(historyAnswer, {
            window: 'day',
            rows: [
              { window: '2026-11-20', count: 512, open: false },
              { window: '2026-11-21', count: 299, open: true },
            ],
          }),
        },
      },
    },
    problems: [
      'wrong_kind',
      'invalid_window',
      'invalid_range',
      'range_too_large',
      'count_too_large',
      'unavailable',
    ],
  },
  setMember: {
    tag: 'Members',
    summary: 'React, be here, or visit',
    description:
      'Of a reaction: sets the choice of a member, `{"choice":"love"}`; choosing again moves it. Of presence: a heartbeat; send it again after `next_beat_seconds`. Of uniques: a visit. The same again counts no more, so no `Idempotency-Key` is needed.',
    body: content(v.union([reactionBody, emptyBody]), { choice: 'love' }),
    answers: {
      200: {
        description: 'Accepted.',
        content: {
          'application/json': content(v.union([reactionAnswer, beatAnswer, visitAnswer]), {
            choice: 'love',
            count: 3,
            choices: { like: 1, love: 2 },
            updated_at: updatedAt,
            pending: true,
          }),
        },
      },
    },
    problems: ['wrong_kind', 'invalid_choice', 'unknown_choice', 'outcome_unknown', 'unavailable'],
  },
  readMember: {
    tag: 'Members',
    summary: 'Read the choice of a member',
    description: 'As it was last written; null for a member that says nothing.',
    answers: {
      200: {
        description: 'The choice.',
        content: { 'application/json': content(choiceAnswer, { choice: 'love' }) },
      },
    },
    problems: ['wrong_kind', 'unavailable'],
  },
  removeMember: {
    tag: 'Members',
    summary: 'Take a reaction back, or leave',
    description:
      'Of a reaction: the member says nothing any more. Of presence: the viewer has gone.',
    answers: {
      200: {
        description: 'The reaction is taken back.',
        content: {
          'application/json': content(reactionAnswer, {
            choice: null,
            count: 2,
            choices: { like: 1, love: 1 },
            updated_at: updatedAt,
            pending: true,
          }),
        },
      },
      204: { description: 'The viewer has gone.' },
    },
    problems: ['wrong_kind', 'outcome_unknown', 'unavailable'],
  },
  leave: {
    tag: 'Members',
    summary: 'Leave, from a page that is being closed',
    description: 'For `navigator.sendBeacon`, which can only POST; the body is not read.',
    answers: { 204: { description: 'The viewer has gone.' } },
    problems: ['wrong_kind', 'outcome_unknown', 'unavailable'],
  },
  readUnread: {
    tag: 'Users',
    summary: 'Read what is unread',
    description:
      'What has come on the counters the user subscribed to since they were last marked as read. A key sees the subscriptions it may read.',
    answers: {
      200: {
        description: 'The sum, and each subscription.',
        content: {
          'application/json': content(unreadAnswer, {
            count: 3,
            subscriptions: [{ subject: 'post-42', counter: 'likes', count: 3 }],
          }),
        },
      },
    },
    problems: ['unavailable'],
  },
  markRead: {
    tag: 'Users',
    summary: 'Mark everything as read',
    description: 'Up to what the answer says; what comes meanwhile stays unread.',
    answers: {
      200: {
        description: 'Nothing is unread.',
        content: {
          'application/json': content(unreadAnswer, {
            count: 0,
            subscriptions: [{ subject: 'post-42', counter: 'likes', count: 0 }],
          }),
        },
      },
    },
    problems: ['outcome_unknown', 'unavailable'],
  },
  subscribe: {
    tag: 'Users',
    summary: 'Subscribe a user to a counter',
    description: `What comes from now on is unread. A user has at most ${limits.subscriptions} subscriptions.`,
    answers: { 204: { description: 'Subscribed, or was before.' } },
    problems: ['wrong_kind', 'too_many_subscriptions', 'outcome_unknown', 'unavailable'],
  },
  unsubscribe: {
    tag: 'Users',
    summary: 'Unsubscribe a user from a counter',
    description: 'Also when it was not subscribed.',
    answers: { 204: { description: 'Not subscribed any more.' } },
    problems: ['outcome_unknown', 'unavailable'],
  },
  resetCounter: {
    tag: 'Counters',
    summary: 'Start a counter again',
    description:
      'A count goes back to 0; changes that arrive meanwhile survive. Tickets start a new shift, with the first number. The same `Idempotency-Key` resets once.',
    requestHeaders: ['Idempotency-Key'],
    answers: {
      200: {
        description: 'The counter as it is now: a count, or a book of tickets.',
        headers: ['Idempotency-Replayed'],
        content: {
          'application/json': content(v.union([changeAnswer, bookAnswer]), {
            count: 0,
            updated_at: updatedAt,
            pending: false,
          }),
        },
      },
    },
    problems: ['wrong_kind', 'contended', 'count_too_large', 'outcome_unknown', 'unavailable'],
  },
  drawTicket: {
    tag: 'Tickets',
    summary: 'Draw the next number',
    description:
      'Numbers follow each other without gaps or duplicates, and start again with each business day of the subject. The same `Idempotency-Key` always gets the same number. When the answer is an error, no number was given out; after `outcome_unknown`, send the same key again.',
    requestHeaders: ['Idempotency-Key'],
    answers: {
      201: {
        description: 'The number.',
        headers: ['Idempotency-Replayed'],
        content: {
          'application/json': content(ticketAnswer, { number: 17, day: '2026-11-21', shift: 1 }),
        },
      },
    },
    problems: ['wrong_kind', 'contended', 'outcome_unknown', 'unavailable'],
  },
  createKey: {
    tag: 'Keys',
    summary: 'Create an API key',
    description:
      'The key is shown this once; the table holds only a hash. It is good for its scopes and nothing else.',
    body: content(keyBody, {
      scopes: [{ actions: ['read', 'write'], subjects: ['resto-7'], counters: ['orders'] }],
      calls_per_minute: 600,
    }),
    answers: {
      201: {
        description: 'The key.',
        content: {
          'application/json': content(keyAnswer, {
            id: '9f86d081884c7d65',
            key: 'tally_9f86d081884c7d65_example-secret-not-valid-anywhere',
          }),
        },
      },
    },
    problems: [
      'invalid_scopes',
      'invalid_calls_per_minute',
      'too_many_keys',
      'outcome_unknown',
      'unavailable',
    ],
  },
  listKeys: {
    tag: 'Keys',
    summary: 'List the API keys',
    description: 'With their scopes and the day each was last used, without their secrets.',
    answers: {
      200: {
        description: 'All keys.',
        content: {
          'application/json': content(keyList, {
            keys: [
              {
                id: '9f86d081884c7d65',
                scopes: [{ actions: ['read', 'write'], subjects: ['resto-7'] }],
                calls_per_minute: null,
                created_at: updatedAt,
                last_used_day: '2026-11-21',
              },
            ],
          }),
        },
      },
    },
    problems: ['unavailable'],
  },
  revokeKey: {
    tag: 'Keys',
    summary: 'Revoke an API key',
    description: `It stops working everywhere within ${limits.keyCacheSeconds} seconds. Passes that were made with it last until they expire.`,
    answers: { 204: { description: 'Revoked.' } },
    problems: ['outcome_unknown', 'unavailable'],
  },
  createPass: {
    tag: 'Keys',
    summary: "Create a pass for a visitor's browser",
    description:
      'A pass is sent like a key, or as `?access_token=` where no header can be sent. It acts as one member and gives no more than the key it was made with.',
    body: content(passBody, {
      member: 'ana',
      actions: ['read', 'write'],
      subject: 'post-42',
      counters: ['reactions'],
      expires_in_seconds: 3600,
    }),
    answers: {
      201: {
        description: 'The pass.',
        content: {
          'application/json': content(passAnswer, {
            pass: 'pass_claims.signature',
            expires_at: updatedAt,
          }),
        },
      },
    },
    problems: ['invalid_member', 'invalid_pass', 'unavailable'],
  },
  readSettings: {
    tag: 'Subjects',
    summary: 'Read when the days of a subject begin',
    description: 'Those of the deployment, unless the subject has its own.',
    answers: {
      200: {
        description: 'The settings.',
        content: {
          'application/json': content(settingsAnswer, {
            time_zone: 'Europe/Berlin',
            day_start: '04:00',
          }),
        },
      },
    },
    problems: ['unavailable'],
  },
  changeSettings: {
    tag: 'Subjects',
    summary: 'Say when the days of a subject begin',
    description: `Days are counted in the subject's time zone, also when its clocks change. Seen everywhere after ${limits.settingsCacheSeconds} seconds at the latest.`,
    body: content(settingsBody, { time_zone: 'Europe/Berlin', day_start: '04:00' }),
    answers: {
      200: {
        description: 'The settings as they are now.',
        content: {
          'application/json': content(settingsAnswer, {
            time_zone: 'Europe/Berlin',
            day_start: '04:00',
          }),
        },
      },
    },
    problems: ['invalid_time_zone', 'invalid_day_start', 'outcome_unknown', 'unavailable'],
  },
  runBatch: {
    tag: 'Counters',
    summary: 'Read and change many counters at once',
    description: `Up to ${limits.batchItems} items, each with its own result: one that fails does not fail the others. They are done all at once, in no order.`,
    requestHeaders: ['Prefer'],
    body: content(batchBody, {
      items: [
        { subject: 'post-42', counter: 'likes', action: 'read' },
        { subject: 'post-42', counter: 'views', action: 'increment', idempotency_key: 'a-uuid' },
      ],
    }),
    answers: {
      200: {
        description: 'A result for each item; some may be problems.',
        content: {
          'application/json': content(batchAnswer, {
            results: [
              { status: 200, count: 811, updated_at: updatedAt },
              { status: 200, count: 5120, updated_at: updatedAt, pending: true },
            ],
          }),
        },
      },
    },
    problems: ['invalid_items', 'too_many_items', 'invalid_token'],
  },
  findLiveUpdates: {
    tag: 'Counters',
    summary: 'Ask where to listen to a counter',
    description:
      'The protocol is that of AWS AppSync Events. Every message is `{ subject, counter, count, updated_at }`. Only counters that somebody asked for here publish, so ask again in time.',
    answers: {
      200: {
        description: 'Where to listen.',
        content: {
          'application/json': content(liveAnswer, {
            realtime: 'wss://events.example.com/event/realtime',
            http: 'https://events.example.com/event',
            api_key: 'da2-example',
            channel: '/counters/3f0c9d1e5b7a48628c4d6e0f1a2b3c4d',
            renew_after_seconds: limits.renewWatchAfterSeconds,
          }),
        },
      },
    },
    problems: ['wrong_kind', 'unavailable'],
  },
  checkHealth: {
    tag: 'Service',
    summary: 'Ask whether Tally is up',
    description: 'Answers 200 once the database answers.',
    answers: {
      200: {
        description: 'Tally is up.',
        content: { 'application/json': content(healthAnswer, { status: 'ok' }) },
      },
    },
    problems: ['unavailable'],
  },
  showOpenApi: {
    tag: 'Service',
    summary: 'This document',
    description: 'The OpenAPI 3.1 description of everything Tally answers.',
    answers: {
      200: {
        description: 'An OpenAPI document.',
        content: {
          'application/json': { schema: v.looseObject({}), example: { openapi: '3.1.0' } },
        },
      },
    },
    problems: [],
  },
  showDocs: {
    tag: 'Service',
    summary: 'This document as a page',
    description: 'Every operation, to read and to try. It loads nothing from other servers.',
    answers: { 200: { description: 'A page.', content: { 'text/html': text } } },
    problems: [],
  },
  showErrors: {
    tag: 'Service',
    summary: 'Every error code, its cause and its fix',
    description: 'The `type` of a problem document leads to the section of its code.',
    answers: { 200: { description: 'A page.', content: { 'text/html': text } } },
    problems: [],
  },
  sendAsset: {
    tag: 'Service',
    summary: 'A file that a page loads',
    description: 'Scripts and styles of the docs page.',
    answers: {
      200: { description: 'The file.', content: { 'text/css': text, 'text/javascript': text } },
    },
    problems: [],
  },
};
