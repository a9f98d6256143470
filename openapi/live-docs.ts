import { liveAnswer } from '../functions/http/schemas/caller-answers.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, type OperationDocs } from './operation-doc.ts';

export const liveDocs = {
  findLiveUpdates: {
    tag: 'Counters',
    summary: 'Ask where to listen to a counter',
    description:
      'The protocol is that of AWS AppSync Events. Every message is `{ subject, counter, count, version, updated_at }`; a reaction also has `choices`, and a count that shows a day, an hour or a minute has `window`. A counter sends at most four messages a second, and always the last total. Take messages in the order of `window`, `version` and `updated_at`. A counter publishes only while somebody asks for it here, so ask again in time, and read the count once more three seconds after subscribing: the first message may take two seconds. No message is sent when a viewer falls silent: to show how many are here, also read the counter every `awayAfterSeconds` or so.',
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
} satisfies OperationDocs;
