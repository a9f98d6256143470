/** What people are told of the operations on members and users. */
import * as v from 'valibot';
import {
  beatAnswer,
  choiceAnswer,
  emptyBody,
  reactionAnswer,
  reactionBody,
  unreadAnswer,
  visitAnswer,
} from '../functions/http/schemas.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, type OperationDocs, toldToReaders, updatedAt } from './operation-doc.ts';

export const memberDocs = {
  setMember: {
    tag: 'Members',
    summary: 'React, be here, or visit',
    description: `Of a reaction: sets the choice of a member, \`{"choice":"love"}\`; choosing again moves it. Of presence: a heartbeat; send it again after \`next_beat_seconds\`. Of uniques: a visit. The same again counts no more, so no \`Idempotency-Key\` is needed. ${toldToReaders}`,
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
      204: { description: 'Accepted; what it changed cannot be told.' },
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
    description: `Of a reaction: the member says nothing any more. Of presence: the viewer has gone. ${toldToReaders}`,
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
      204: { description: 'The viewer has gone; or the counts cannot be told.' },
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
    problems: ['count_too_large', 'unavailable'],
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
} satisfies OperationDocs;
