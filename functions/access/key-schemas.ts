/** What may be asked for an API key or a pass, by HTTP and on the command line alike. */
import * as v from 'valibot';
import { strictObject } from '../counters/strict-object.ts';
import { limits } from '../rules/limits.ts';
import { counterNameRule, isCounterName, isReservedSubject } from '../rules/names.ts';
import { type Action, actions, isSubjectPattern } from '../rules/scopes.ts';

const actionList = <const A extends readonly Action[]>(options: A) =>
  v.pipe(
    v.array(v.picklist(options)),
    v.minLength(1),
    v.maxLength(options.length),
    v.check((names) => new Set(names).size === names.length, 'has an action twice'),
  );

export const subjectPattern = v.pipe(
  v.string(),
  v.check(isSubjectPattern, 'must be a subject, or the beginning of one followed by *'),
  v.check((text) => !isReservedSubject(text), 'is a reserved name, which no subject has'),
);

/** The counters of a deployment by name. */
type Counters = ReadonlyMap<string, unknown>;

/** @param counters those that may be named; left out, any */
export const counterNamesOf = (counters?: Counters) =>
  v.pipe(
    v.array(
      v.pipe(
        v.string(),
        v.check(isCounterName, `must be ${counterNameRule}`),
        v.check((name) => counters?.has(name) ?? true, unknownCounter(counters)),
      ),
    ),
    v.minLength(1),
    v.maxLength(limits.namesOfScope),
  );

const unknownCounter =
  (counters: Counters = new Map()) =>
  ({ input }: { readonly input: string }): string =>
    `names no counter that is defined, "${input}"; the counters are ${[...counters.keys()].join(', ')}`;

/** @param counters those that it may name; left out, any */
export const scopeOf = (counters?: Counters) =>
  strictObject({
    actions: actionList(actions),
    subjects: v.pipe(
      v.array(subjectPattern),
      v.minLength(1),
      v.maxLength(limits.namesOfScope),
      v.description(
        'Subjects, or beginnings of subjects followed by `*`. `*` alone is all of them.',
      ),
    ),
    counters: v.optional(
      v.pipe(
        counterNamesOf(counters),
        v.description(
          'Left out, the scope is for all counters and for the settings of the subjects.',
        ),
      ),
    ),
  });

export const scopesOf = (counters?: Counters) =>
  v.pipe(v.array(scopeOf(counters)), v.minLength(1), v.maxLength(limits.scopes));

/** The same for the documentation, which knows no deployment. */
export const scope = scopeOf();
export const counterNames = counterNamesOf();

export const callsPerMinute = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(limits.callsPerMinuteMax),
  v.description('A limit costs one write for each request.'),
);

/** A pass never gives `admin`. */
export const passActions = actionList(['read', 'write']);
