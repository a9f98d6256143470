/** HTTP operations on the subscriptions of a user, and what is unread in them. */

import type { Need } from '../../access/access.ts';
import type { Counters } from '../../counters/counters.ts';
import type { MayRead, UnreadAnswer, UnreadRow } from '../../counters/unread.ts';
import { authorise, may } from '../authorise.ts';
import type { HttpRequest } from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { type Paging, pageOf } from '../paging.ts';
import { parseUser } from '../parse-names.ts';
import { Problem } from '../problem.ts';
import { inputOf } from '../request-input.ts';
import { acceptedOrThrow, type HttpResponse, json, noContent, problemBody } from '../responses.ts';
import { listQuery } from '../schemas/counter-requests.ts';

export function createUserOperations({ unread }: Counters) {
  const subscribe: Operation = async (request) => {
    const { subject, counter } = request.counter();
    await authorise(request, readNeed(subject, counter));
    inputOf(request, {});
    const user = parseUser(request.params.user);
    acceptedOrThrow(await unread.subscribe(user, { subject, counter }));
    return noContent();
  };

  const unsubscribe: Operation = async (request) => {
    const { subject, counter } = request.counter();
    await authorise(request, readNeed(subject, counter));
    inputOf(request, {});
    await unread.unsubscribe(parseUser(request.params.user), { subject, counter });
    return noContent();
  };

  const readUnread: Operation = async (request) => {
    const { query } = inputOf(request, { query: listQuery });
    const user = parseUser(request.params.user);
    return unreadResponse(await unread.read(user, readableBy(request)), query);
  };

  const markRead: Operation = async (request) => {
    const { query } = inputOf(request, { query: listQuery });
    const user = parseUser(request.params.user);
    return unreadResponse(await unread.markRead(user, readableBy(request)), query);
  };

  return { subscribe, unsubscribe, readUnread, markRead };
}

/** A caller sees the subscriptions it may read, so that tenants do not learn each other's subjects. */
function readableBy(request: HttpRequest): MayRead {
  return ({ subject, counter }) => may(request, readNeed(subject, counter));
}

/** To subscribe is to read. It takes a credential, even where everybody may read the counter. */
const readNeed = (subject: string, counter: string): Need => ({
  about: 'counter',
  action: 'read',
  subject,
  counter,
  member: undefined,
  isPublic: false,
  isForVisitors: false,
});

/** The sum is over all subscriptions, also those of other pages. */
function unreadResponse({ count, subscriptions }: UnreadAnswer, paging: Paging): HttpResponse {
  const nameOf = ({ subject, counter }: UnreadRow) => `${subject} ${counter}`;
  const { page, next_cursor } = pageOf(subscriptions, nameOf, paging);
  return json(200, { count, subscriptions: page.map(rowJson), next_cursor });
}

const rowJson = ({ subject, counter, unread: own }: UnreadRow) => ({
  subject,
  counter,
  ...(own.ok ? { count: own.count } : problemBody(new Problem(own.code, own.detail))),
});
