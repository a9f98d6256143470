/** The names in a path, or in an item of a batch. */
import type { CounterDefinition, CounterKind, TallyConfig } from '../counters/define-counters.ts';
import type { DefinitionOf, NamedCounter } from '../counters/named-counter.ts';
import type { LiveDefinition } from '../counters/show.ts';
import { isName, isReservedMember, isReservedSubject, nameRule } from '../rules/names.ts';
import { Problem } from './problem.ts';
import type { ProblemCode } from './problems.ts';

/** @throws Problem invalid_subject */
export const parseSubject = (subject = ''): string =>
  parseName(subject, {
    what: 'A subject',
    code: 'invalid_subject',
    isReserved: isReservedSubject,
  });

/** @throws Problem invalid_member */
export const parseMember = (member = ''): string =>
  parseName(member, { what: 'A member', code: 'invalid_member', isReserved: isReservedMember });

/** @throws Problem invalid_user */
export const parseUser = (user = ''): string =>
  parseName(user, { what: 'A user', code: 'invalid_user', isReserved: isReservedMember });

function parseName(
  name: string,
  rule: { what: string; code: ProblemCode; isReserved: (name: string) => boolean },
): string {
  if (!isName(name)) throw new Problem(rule.code, `${rule.what} is ${nameRule}.`);
  if (rule.isReserved(name)) throw new Problem(rule.code, `The name "${name}" is reserved.`);
  return name;
}

/** @throws Problem invalid_subject, unknown_counter */
export function parseCounter(
  { subject, counter = '' }: { readonly subject?: string; readonly counter?: string },
  config: TallyConfig,
): NamedCounter {
  const definition = config.counters.get(counter);
  if (!definition) {
    const names = [...config.counters.keys()].join(', ');
    throw new Problem('unknown_counter', `The counters here are ${names}.`);
  }
  return { subject: parseSubject(subject), counter, definition };
}

/** The counter, if it is of this kind. */
export function asKind<K extends CounterKind>(
  counter: NamedCounter,
  kind: K,
): NamedCounter<DefinitionOf<K>> | undefined {
  const { definition } = counter;
  const isOfKind = (it: CounterDefinition): it is DefinitionOf<K> => it.kind === kind;
  return isOfKind(definition) ? { ...counter, definition } : undefined;
}

/** @throws Problem wrong_kind */
export function requireKind<K extends CounterKind>(
  counter: NamedCounter,
  kind: K,
): NamedCounter<DefinitionOf<K>> {
  const ofKind = asKind(counter, kind);
  if (ofKind) return ofKind;
  throw new Problem(
    'wrong_kind',
    `"${counter.counter}" is of the kind ${counter.definition.kind}; this is for ${kind}.`,
  );
}

/** A counter that can be listened to. @throws Problem wrong_kind */
export function requireLive(counter: NamedCounter): NamedCounter<LiveDefinition> {
  return (
    asKind(counter, 'reaction') ?? asKind(counter, 'presence') ?? requireKind(counter, 'count')
  );
}
