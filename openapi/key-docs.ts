/** What people are told of the operations on keys and the settings of subjects. */

import {
  keyAnswer,
  keyBody,
  keyList,
  passAnswer,
  passBody,
  settingsAnswer,
  settingsBody,
} from '../functions/http/schemas.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, type OperationDocs, updatedAt } from './operation-doc.ts';

export const keyDocs = {
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
      'A pass is sent like a key, or as `?access_token=` where no header can be sent. It acts as one member and gives no more than the key it was made with, whose `calls_per_minute` it shares.',
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
    problems: ['invalid_member', 'invalid_subject', 'invalid_pass', 'unavailable'],
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
} satisfies OperationDocs;
