import * as v from 'valibot';
import {
  beatAnswer,
  choiceAnswer,
  emptyBody,
  reactionAnswer,
  reactionBody,
  visitAnswer,
} from '../functions/http/schemas.ts';
import { content, countForReaders, type OperationDocs, updatedAt } from './operation-doc.ts';

export const memberDocs = {
  setMember: {
    tag: 'Members',
    summary: 'React, be here, or visit',
    description: `On a reaction: sets the choice of the member, \`{"choice":"love"}\`; another choice replaces it. On a presence counter: a heartbeat; send the next one after \`next_beat_seconds\`. On a unique counter: a visit. A repeated request counts once, so it needs no \`Idempotency-Key\`. ${countForReaders}`,
    body: content(v.union([reactionBody, emptyBody]), { choice: 'love' }),
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
    description: `On a reaction: removes the choice of the member. On a presence counter: the viewer leaves. ${countForReaders}`,
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
    description: 'For `navigator.sendBeacon`, which can only POST. The body is ignored.',
    answers: { 204: { description: 'The viewer has left.' } },
    problems: ['wrong_kind', 'outcome_unknown', 'unavailable'],
  },
} satisfies OperationDocs;
