/** HTTP operations on the members of a counter: reactions, viewers and visitors. */
import type { Counters } from '../../counters/counters.ts';
import type { BeatAnswer } from '../../counters/presence.ts';
import type { ReactionAnswer } from '../../counters/reaction.ts';
import { isReader, type Operation } from '../answer-request.ts';
import {
  asKind,
  bodyOf,
  type HttpRequest,
  optionalBodyOf,
  parseCounter,
  parseMember,
  requireKind,
} from '../http-request.ts';
import { Problem } from '../problem.ts';
import { acceptedOrThrow, asTime, type HttpResponse, json, noContent } from '../responses.ts';
import { emptyBody, reactionBody } from '../schemas.ts';

const noStore = { 'cache-control': 'no-store' };

export function createMemberOperations({ config, reactions, presence, uniques }: Counters) {
  const namesOf = (request: HttpRequest) => ({
    named: parseCounter(request.params, config),
    member: parseMember(request.params.member),
  });

  /** A choice, a heartbeat or a visit, by the kind of the counter. */
  const setMember: Operation = async (request) => {
    const { named, member } = namesOf(request);
    const mayRead = await isReader(request, named);
    const reaction = asKind(named, 'reaction');
    if (reaction) {
      const { choice } = bodyOf(request, reactionBody);
      return reactionResponse(
        acceptedOrThrow(await reactions.choose(reaction, member, choice)),
        mayRead,
      );
    }
    const viewers = asKind(named, 'presence');
    if (viewers) {
      optionalBodyOf(request, emptyBody);
      return beatResponse(await presence.beat(viewers, member), mayRead);
    }
    const unique = requireMembers(asKind(named, 'unique'), named.counter);
    optionalBodyOf(request, emptyBody);
    const changed = await uniques.visit(unique, member);
    // Whether a visit was new, many times over, tells how many there were.
    return mayRead ? json(200, { changed }, noStore) : noContent(noStore);
  };

  const readMember: Operation = async (request) => {
    const { named, member } = namesOf(request);
    const choice = await reactions.readChoice(requireKind(named, 'reaction'), member);
    return json(200, { choice }, noStore);
  };

  const removeMember: Operation = async (request) => {
    const { named, member } = namesOf(request);
    const reaction = asKind(named, 'reaction');
    if (reaction) {
      const mayRead = await isReader(request, named);
      return reactionResponse(await reactions.remove(reaction, member), mayRead);
    }
    await presence.leave(requireKind(named, 'presence'), member);
    return noContent(noStore);
  };

  /** As DELETE, for `navigator.sendBeacon`, which can only POST; whatever it sends along is let be. */
  const leave: Operation = async (request) => {
    const { named, member } = namesOf(request);
    await presence.leave(requireKind(named, 'presence'), member);
    return noContent(noStore);
  };

  return { setMember, readMember, removeMember, leave };
}

function requireMembers<T>(found: T | undefined, counter: string): T {
  if (found) return found;
  throw new Problem('wrong_kind', `"${counter}" has no members.`);
}

function reactionResponse(answer: ReactionAnswer, mayRead: boolean): HttpResponse {
  if (!mayRead) return noContent(noStore);
  const { choice, count, choices, updatedAtMs, pending } = answer;
  return json(200, { choice, count, choices, updated_at: asTime(updatedAtMs), pending }, noStore);
}

const beatResponse = ({ count, nextBeatSeconds }: BeatAnswer, mayRead: boolean): HttpResponse =>
  json(200, { ...(mayRead && { count }), next_beat_seconds: nextBeatSeconds }, noStore);
