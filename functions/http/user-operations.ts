/** HTTP operations on what a user subscribed to. */
import type { Counters } from '../counters/counters.ts';
import type { MayRead, UnreadAnswer } from '../counters/unread.ts';
import type { Operation } from './answer-request.ts';
import { type HttpRequest, parseCounter, parseUser } from './http-request.ts';
import { Problem } from './problems.ts';
import { granted, type HttpResponse, json, noContent } from './responses.ts';

const noStore = { 'cache-control': 'no-store' };

export function createUserOperations({ config, unread }: Counters) {
  const subscribe: Operation = async ({ params }) => {
    const { subject, counter } = parseCounter(params, config);
    granted(await unread.subscribe(parseUser(params.user), { subject, counter }));
    return noContent(noStore);
  };

  const unsubscribe: Operation = async ({ params }) => {
    const { subject, counter } = parseCounter(params, config);
    await unread.unsubscribe(parseUser(params.user), { subject, counter });
    return noContent(noStore);
  };

  const readUnread: Operation = async (request) =>
    answer(await unread.read(parseUser(request.params.user), mayRead(request)));

  const markRead: Operation = async (request) =>
    answer(await unread.markRead(parseUser(request.params.user), mayRead(request)));

  return { subscribe, unsubscribe, readUnread, markRead };
}

/** A key sees of a user what it may read itself, so that no tenant learns of another's subjects. */
function mayRead({ authorise, params }: HttpRequest): MayRead {
  return async ({ subject, counter }) => {
    try {
      await authorise({ right: 'read', subject, counter, user: params.user, isPublic: false });
      return true;
    } catch (error) {
      if (error instanceof Problem) return false;
      throw error;
    }
  };
}

const answer = ({ count, subscriptions }: UnreadAnswer): HttpResponse =>
  json(200, { count, subscriptions }, noStore);
