/** The names in a path, or in an item of a batch. */
import type { CounterDefinition, CounterKind, TallyConfig } from '../counters/define-counters.ts';
import type { DefinitionOf, NamedCounter } from '../counters/named-counter.ts';
import type { LiveDefinition } from '../counters/show.ts';
import { isName, isReservedMember, isReservedSubject, me, nameRule } from '../rules/names.ts';
import { type Mistake, type Place, throwMistakes } from './mistake.ts';
import { Problem } from './problem.ts';
import type { ProblemCode } from './problems.ts';

const rules = {
  subject: { what: 'A subject', code: 'invalid_subject', isReserved: isReservedSubject },
  member: { what: 'A member', code: 'invalid_member', isReserved: isReservedMember },
  user: { what: 'A user', code: 'invalid_user', isReserved: isReservedMember },
} as const satisfies Record<string, NameRule>;

interface NameRule {
  readonly what: string;
  readonly code: ProblemCode;
  readonly isReserved: (name: string) => boolean;
}
type NameKind = keyof typeof rules;

const isNameKind = (text: string): text is NameKind => Object.hasOwn(rules, text);

/** What is wrong with a name; nothing if it is one. */
function nameMistakes(kind: NameKind, name: string, place: Place): Mistake[] {
  const { what, code, isReserved } = rules[kind];
  if (!isName(name)) return [{ code, detail: `${what} is ${nameRule}.`, place }];
  if (isReserved(name)) return [{ code, detail: `The name "${name}" is reserved.`, place }];
  return [];
}

/** What is wrong with the name of a counter; nothing if it is defined. */
export function counterMistakes(name: string, { counters }: TallyConfig, place: Place): Mistake[] {
  if (counters.has(name)) return [];
  return [{ code: 'unknown_counter', detail: countersHere(counters), place }];
}

const countersHere = (counters: TallyConfig['counters']): string =>
  `The counters here are ${[...counters.keys()].join(', ')}.`;

/**
 * `me` is right where it stands for the caller.
 *
 * @throws Problem for all names in a path that are wrong: invalid_subject, unknown_counter, …
 */
export function checkNames(params: Readonly<Record<string, string>>, config: TallyConfig): void {
  throwMistakes(
    Object.entries(params).flatMap(([parameter, name]) => {
      if (parameter === 'counter') return counterMistakes(name, config, { parameter });
      const isCaller = name === me && (parameter === 'member' || parameter === 'user');
      if (isCaller || !isNameKind(parameter)) return [];
      return nameMistakes(parameter, name, { parameter });
    }),
  );
}

/** @throws Problem invalid_subject */
export const parseSubject = (subject = ''): string => parseName('subject', subject);

/** @throws Problem invalid_member */
export const parseMember = (member = ''): string => parseName('member', member);

/** @throws Problem invalid_user */
export const parseUser = (user = ''): string => parseName('user', user);

function parseName(kind: NameKind, name: string): string {
  throwMistakes(nameMistakes(kind, name, { parameter: kind }));
  return name;
}

/** @throws Problem invalid_subject, unknown_counter */
export function parseCounter(
  { subject, counter = '' }: { readonly subject?: string; readonly counter?: string },
  config: TallyConfig,
): NamedCounter {
  const definition = config.counters.get(counter);
  if (!definition) throw new Problem('unknown_counter', countersHere(config.counters));
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
