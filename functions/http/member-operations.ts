/** HTTP operations on the members of a counter: reactions, viewers and visitors. */
import type { Counters } from '../counters/counters.ts';
import type { BeatAnswer } from '../counters/presence.ts';
import type { ReactionAnswer } from '../counters/reaction.ts';
import type { Operation } from './answer-request.ts';
import {
  asKind,
  bodyOf,
  type HttpRequest,
  optionalBodyOf,
  parseCounter,
  parseMember,
  requireKind,
} from './http-request.ts';
import { Problem } from './problem.ts';
import { asTime, granted, type HttpResponse, json, noContent } from './responses.ts';
import { emptyBody, reactionBody } from './schemas.ts';

const noStore = { 'cache-control': 'no-store' };

export function createMemberOperations({ config, reactions, presence, uniques }: Counters) {
  const namesOf = (request: HttpRequest) => ({
    named: parseCounter(request.params, config),
    member: parseMember(request.params.member),
  });

  /** A choice, a heartbeat or a visit, by the kind of the counter. */
  const setMember: Operation = async (request) => {
    const { named, member } = namesOf(request);
    const reaction = asKind(named, 'reaction');
    if (reaction) {
      const { choice } = bodyOf(request, reactionBody);
      return reactionResponse(granted(await reactions.choose(reaction, member, choice)));
    }
    optionalBodyOf(request, emptyBody);
    const viewers = asKind(named, 'presence');
    if (viewers) return beatResponse(await presence.beat(viewers, member));
    const unique = requireMembers(asKind(named, 'unique'), named.counter);
    return json(200, { changed: await uniques.visit(unique, member) }, noStore);
  };

  const readMember: Operation = async (request) => {
    const { named, member } = namesOf(request);
    const choice = await reactions.readChoice(requireKind(named, 'reaction'), member);
    return json(200, { choice }, noStore);
  };

  const removeMember: Operation = async (request) => {
    const { named, member } = namesOf(request);
    const reaction = asKind(named, 'reaction');
    if (reaction) return reactionResponse(await reactions.remove(reaction, member));
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

const reactionResponse = (answer: ReactionAnswer): HttpResponse =>
  json(
    200,
    {
      choice: answer.choice,
      count: answer.count,
      choices: answer.choices,
      updated_at: asTime(answer.updatedAtMs),
      pending: answer.pending,
    },
    noStore,
  );

const beatResponse = ({ count, nextBeatSeconds }: BeatAnswer): HttpResponse =>
  json(200, { count, next_beat_seconds: nextBeatSeconds }, noStore);
