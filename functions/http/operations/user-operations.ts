/** HTTP operations on what a user subscribed to. */

import type { Need } from '../../access/access.ts';
import type { Counters } from '../../counters/counters.ts';
import type { MayRead, UnreadAnswer } from '../../counters/unread.ts';
import { isGranted, type Operation } from '../answer-request.ts';
import { type HttpRequest, parseCounter, parseUser } from '../http-request.ts';
import { acceptedOrThrow, type HttpResponse, json, noContent } from '../responses.ts';

const noStore = { 'cache-control': 'no-store' };

export function createUserOperations({ config, unread }: Counters) {
  const subscribe: Operation = async (request) => {
    const { params, access } = request;
    const { subject, counter } = parseCounter(params, config);
    await access.authorise(readNeed(subject, counter));
    const user = parseUser(params.user);
    acceptedOrThrow(await unread.subscribe(user, { subject, counter }, mayRead(request)));
    return noContent(noStore);
  };

  const unsubscribe: Operation = async ({ params, access }) => {
    const { subject, counter } = parseCounter(params, config);
    await access.authorise(readNeed(subject, counter));
    await unread.unsubscribe(parseUser(params.user), { subject, counter });
    return noContent(noStore);
  };

  const readUnread: Operation = async (request) =>
    answer(acceptedOrThrow(await unread.read(parseUser(request.params.user), mayRead(request))));

  const markRead: Operation = async (request) =>
    answer(
      acceptedOrThrow(await unread.markRead(parseUser(request.params.user), mayRead(request))),
    );

  return { subscribe, unsubscribe, readUnread, markRead };
}

/** A key sees of a user what it may read itself, so that no tenant learns of another's subjects. */
function mayRead({ access }: HttpRequest): MayRead {
  return ({ subject, counter }) => isGranted(access, readNeed(subject, counter));
}

/** To subscribe is to read; with a key, even where reading is open to everybody. */
const readNeed = (subject: string, counter: string): Need => ({
  about: 'counter',
  action: 'read',
  subject,
  counter,
  member: undefined,
  isPublic: false,
});

const answer = ({ count, subscriptions }: UnreadAnswer): HttpResponse =>
  json(200, { count, subscriptions }, noStore);
