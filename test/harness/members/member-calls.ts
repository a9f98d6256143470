import type { Answer, Instance } from '../tally-under-test.ts';

/** What clients say about members. `counter` is `subject/counter`. */
export function memberCalls(instance: Instance) {
  const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
    instance.send({ method, path: `/v1/${path}`, ...(body === undefined ? {} : { body }) });
  return {
    choose: (counter: string, member: string, choice: string) =>
      send('PUT', `${counter}/members/${member}`, { choice }),
    /** A heartbeat or a visit. */
    come: (counter: string, member: string, session?: string) =>
      send('PUT', `${counter}/members/${member}`, session === undefined ? undefined : { session }),
    remove: (counter: string, member: string) => send('DELETE', `${counter}/members/${member}`),
    /** As `navigator.sendBeacon` does. */
    leave: (counter: string, member: string, body?: unknown) =>
      send('POST', `${counter}/members/${member}/leave`, body),
    get: (counter: string, member: string) => send('GET', `${counter}/members/${member}`),
    read: (counter: string, query: Readonly<Record<string, string>> = {}) =>
      instance.read(counter, query),
  };
}

export type MemberCalls = ReturnType<typeof memberCalls>;
