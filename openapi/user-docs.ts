import { unreadAnswer } from '../functions/http/schemas/combined-answers.ts';
import { listQuery } from '../functions/http/schemas/counter-requests.ts';
import { limits } from '../functions/rules/limits.ts';
import { content, type OperationDocs } from './operation-doc.ts';

export const userDocs = {
  readUnread: {
    tag: 'Users',
    summary: 'Read what is unread',
    description:
      'How much the counters that the user subscribed to have grown since the user last marked them as read; several resets in between count as one. What is compared is what is folded: a change that was pending then is unread as soon as it is folded. Callers see only the subscriptions to counters that they may read.',
    query: listQuery,
    answers: {
      200: {
        description: 'The sum, and each subscription.',
        content: {
          'application/json': content(unreadAnswer, {
            count: 3,
            subscriptions: [{ subject: 'post-42', counter: 'likes', count: 3 }],
            next_cursor: null,
          }),
        },
      },
    },
    problems: ['invalid_limit', 'invalid_cursor', 'unavailable'],
  },
  markRead: {
    tag: 'Users',
    summary: 'Mark everything as read',
    description:
      'Marks as read what has come until now and is folded. What comes in the meantime, or is pending, stays unread.',
    query: listQuery,
    answers: {
      200: {
        description: 'Nothing is unread.',
        content: {
          'application/json': content(unreadAnswer, {
            count: 0,
            subscriptions: [{ subject: 'post-42', counter: 'likes', count: 0 }],
            next_cursor: null,
          }),
        },
      },
    },
    problems: ['invalid_limit', 'invalid_cursor', 'outcome_unknown', 'unavailable'],
  },
  subscribe: {
    tag: 'Users',
    summary: 'Subscribe a user to a counter',
    description: `What comes after it is unread, and so is what was still \`pending\`: it is compared with what is folded. A user has at most ${limits.subscriptions} subscriptions.`,
    answers: { 204: { description: 'The user is subscribed, or already was.' } },
    problems: ['wrong_kind', 'too_many_subscriptions', 'outcome_unknown', 'unavailable'],
  },
  unsubscribe: {
    tag: 'Users',
    summary: 'Unsubscribe a user from a counter',
    description: 'It is not an error if the user was not subscribed.',
    answers: { 204: { description: 'The user is not subscribed.' } },
    problems: ['outcome_unknown', 'unavailable'],
  },
} satisfies OperationDocs;
