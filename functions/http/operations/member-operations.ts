/** HTTP operations on the members of a counter: reactions, viewers and visitors. */
import type { Counters } from '../../counters/counters.ts';
import type { BeatAnswer } from '../../counters/presence.ts';
import type { ReactionAnswer } from '../../counters/reaction.ts';
import { mayRead } from '../authorise.ts';
import type { HttpRequest } from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { asKind, parseMember, requireKind } from '../parse-names.ts';
import { Problem } from '../problem.ts';
import { inputOf } from '../request-input.ts';
import { acceptedOrThrow, asTime, type HttpResponse, json, noContent } from '../responses.ts';
import { reactionBody, sessionBody } from '../schemas/member-requests.ts';

export function createMemberOperations({ reactions, presence, uniques }: Counters) {
  const namesOf = ({ counter, params }: HttpRequest) => ({
    counter: counter(),
    member: parseMember(params.member),
  });

  /** A choice, a heartbeat or a visit, by the kind of the counter. */
  const setMember: Operation = async (request) => {
    const { counter, member } = namesOf(request);
    const canRead = await mayRead(request, counter);
    const reaction = asKind(counter, 'reaction');
    if (reaction) {
      const { body } = inputOf(request, { body: reactionBody });
      const answer = acceptedOrThrow(await reactions.choose(reaction, member, body.choice));
      return reactionResponse(answer, canRead);
    }
    const viewers = asKind(counter, 'presence');
    if (viewers) {
      const { session } = inputOf(request, { body: sessionBody }).body;
      return beatResponse(await presence.beat(viewers, { member, session }), canRead);
    }
    const unique = requireMembers(asKind(counter, 'unique'), counter.counter);
    inputOf(request, {});
    const changed = await uniques.visit(unique, member);
    // Whether a visit was new would reveal, over many visits, how many there were.
    return canRead ? json(200, { changed }) : noContent();
  };

  const readMember: Operation = async (request) => {
    const { counter, member } = namesOf(request);
    inputOf(request, {});
    const choice = await reactions.readChoice(requireKind(counter, 'reaction'), member);
    return json(200, { choice });
  };

  const removeMember: Operation = async (request) => {
    const { counter, member } = namesOf(request);
    inputOf(request, {});
    const reaction = asKind(counter, 'reaction');
    if (reaction) {
      const canRead = await mayRead(request, counter);
      return reactionResponse(await reactions.remove(reaction, member), canRead);
    }
    await presence.remove(requireKind(counter, 'presence'), member);
    return noContent();
  };

  /** One session leaves. It is a POST for `navigator.sendBeacon`, which can send nothing else. */
  const leave: Operation = async (request) => {
    const { counter, member } = namesOf(request);
    const viewers = requireKind(counter, 'presence');
    const { session } = inputOf(request, { body: sessionBody }).body;
    await presence.leave(viewers, { member, session });
    return noContent();
  };

  return { setMember, readMember, removeMember, leave };
}

function requireMembers<T>(counter: T | undefined, name: string): T {
  if (counter) return counter;
  throw new Problem('wrong_kind', `"${name}" has no members.`);
}

function reactionResponse(answer: ReactionAnswer, canRead: boolean): HttpResponse {
  if (!canRead) return noContent();
  const { choice, count, choices, version, updatedAtMs, pending } = answer;
  const shown = { choice, count, choices, version, updated_at: asTime(updatedAtMs), pending };
  return json(200, shown);
}

/** Whether it is pending tells whether the viewer was here, which is for readers, too. */
const beatResponse = (
  { count, pending, nextBeatSeconds }: BeatAnswer,
  canRead: boolean,
): HttpResponse =>
  json(200, { ...(canRead && { count, pending }), next_beat_seconds: nextBeatSeconds });
