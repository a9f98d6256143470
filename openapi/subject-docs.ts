import { subjectAnswer } from '../functions/http/schemas/combined-answers.ts';
import { settingsBody } from '../functions/http/schemas/counter-requests.ts';
import { settingsAnswer } from '../functions/http/schemas/write-answers.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, type OperationDocs, updatedAt } from './operation-doc.ts';

const example = { time_zone: 'Europe/Berlin', day_start: '04:00' };

export const subjectDocs = {
  readSubject: {
    tag: 'Subjects',
    summary: 'Read all counters of a subject',
    description:
      'Every counter that the caller may read, as a GET of it alone would answer without parameters. Without an API key, these are the counters that are open to everybody. Callers that may read none of them are refused.',
    answers: {
      200: {
        description: 'The counters by name. Some may be problems.',
        content: {
          'application/json': content(subjectAnswer, {
            subject: 'post-42',
            counters: {
              counter: { count: 811, version: 903, updated_at: updatedAt },
              reactions: {
                count: 3,
                choices: { like: 1, love: 2 },
                version: 4,
                updated_at: updatedAt,
              },
            },
          }),
        },
      },
    },
    problems: ['unavailable'],
  },
  readSettings: {
    tag: 'Subjects',
    summary: 'Read when the days of a subject begin',
    description: 'The settings of the deployment, unless the subject has its own.',
    answers: {
      200: {
        description: 'The settings.',
        content: { 'application/json': content(settingsAnswer, example) },
      },
    },
    problems: ['unavailable'],
  },
  changeSettings: {
    tag: 'Subjects',
    summary: 'Set when the days and hours of a subject begin',
    description: `What is left out stays as it is, by PUT, too. Days and hours begin by the clocks of the subject's time zone, also when these change. Numbers of windows that are over stay in these windows. All functions use the new settings after at most ${limits.settingsCacheSeconds} seconds.`,
    body: content(settingsBody, example),
    answers: {
      200: {
        description: 'The new settings.',
        content: { 'application/json': content(settingsAnswer, example) },
      },
    },
    problems: ['invalid_time_zone', 'invalid_day_start', 'outcome_unknown', 'unavailable'],
  },
} satisfies OperationDocs;
