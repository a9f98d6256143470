import * as v from 'valibot';
import { reactionBody, sessionBody } from '../functions/http/schemas/member-requests.ts';
import {
  beatAnswer,
  choiceAnswer,
  reactionAnswer,
  visitAnswer,
} from '../functions/http/schemas/write-answers.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, countForReaders, type OperationDocs, updatedAt } from './operation-doc.ts';

export const memberDocs = {
  setMember: {
    tag: 'Members',
    summary: 'React, be here, or visit',
    description: `On a reaction: sets the choice of the member, \`{"choice":"love"}\`; another choice replaces it. On a presence counter: a heartbeat; send the next one after \`next_beat_seconds\`. A page that can be open in several tabs sends \`{"session":"…"}\`, a name that it makes up: the viewer is here while one of its at most ${limits.sessionsOfViewer} sessions is, and when there are more, the oldest is forgotten. On a unique counter: a visit. A repeated request counts once, so it needs no \`Idempotency-Key\`. ${countForReaders}`,
    body: content(v.union([reactionBody, sessionBody]), { choice: 'love' }),
    answers: {
      200: {
        description: 'Accepted.',
        content: {
          'application/json': content(v.union([reactionAnswer, beatAnswer, visitAnswer]), {
            choice: 'love',
            count: 3,
            choices: { like: 1, love: 2 },
            version: 4,
            updated_at: updatedAt,
            pending: true,
          }),
        },
      },
      204: { description: 'Accepted. The caller has no read access.' },
    },
    problems: ['wrong_kind', 'invalid_choice', 'unknown_choice', 'outcome_unknown', 'unavailable'],
  },
  readMember: {
    tag: 'Members',
    summary: 'Read the choice of a member',
    description: 'The last choice that was written; null for a member without one.',
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
    description: `On a reaction: removes the choice of the member. On a presence counter: the viewer leaves, with all its sessions. ${countForReaders}`,
    answers: {
      200: {
        description: 'The reaction is taken back.',
        content: {
          'application/json': content(reactionAnswer, {
            choice: null,
            count: 2,
            choices: { like: 1, love: 1 },
            version: 5,
            updated_at: updatedAt,
            pending: true,
          }),
        },
      },
      204: {
        description:
          'The viewer has left; or the reaction is taken back and the caller has no read access.',
      },
    },
    problems: ['wrong_kind', 'outcome_unknown', 'unavailable'],
  },
  leave: {
    tag: 'Members',
    summary: 'Leave, from a page that is being closed',
    description:
      'The session that the body names leaves; the viewer stays while another one is here. Without a body it is the session that has no name. It is a POST for `navigator.sendBeacon`, and takes JSON whatever the content type says.',
    body: content(sessionBody, { session: 'tab-7f3a' }),
    answers: { 204: { description: 'The session has left.' } },
    problems: ['wrong_kind', 'outcome_unknown', 'unavailable'],
  },
} satisfies OperationDocs;
