/** What an API key, a pass or an identity token allows: actions, on subjects, on counters. */
import { subjectPatternForm } from './names.ts';

export const actions = ['read', 'write', 'admin'] as const;
export type Action = (typeof actions)[number];

export interface Scope {
  readonly actions: readonly Action[];
  /** Names, or beginnings of names followed by `*`: `resto-7`, `resto-7:*`, `*`. */
  readonly subjects: readonly string[];
  /** Names. Undefined allows all counters, and what concerns the subject as a whole. */
  readonly counters?: readonly string[] | undefined;
}

/** Allows everything. */
export const fullScope: Scope = { actions, subjects: ['*'] };

export const isSubjectPattern = (text: string): boolean => subjectPatternForm.test(text);

export function matchesSubject(pattern: string, subject: string): boolean {
  return pattern.endsWith('*') ? subject.startsWith(pattern.slice(0, -1)) : pattern === subject;
}

/** Whether one of the scopes allows an action on a counter; without a counter, on the subject as a whole. */
export function allows(
  scopes: readonly Scope[],
  { action, subject, counter }: { action: Action; subject: string; counter: string | undefined },
): boolean {
  return scopes.some(
    (scope) =>
      scope.actions.includes(action) &&
      scope.subjects.some((pattern) => matchesSubject(pattern, subject)) &&
      (scope.counters === undefined || (counter !== undefined && scope.counters.includes(counter))),
  );
}

/** Whether one of the scopes allows an action on any counter at all. */
export const allowsSomewhere = (scopes: readonly Scope[], action: Action): boolean =>
  scopes.some((scope) => scope.actions.includes(action));

/** Whether one of the scopes allows an action on everything in the deployment. */
export const allowsEverywhere = (scopes: readonly Scope[], action: Action): boolean =>
  scopes.some(
    (scope) =>
      scope.actions.includes(action) &&
      scope.subjects.includes('*') &&
      scope.counters === undefined,
  );

/**
 * Whether the holder of some scopes may hand on another one: every right in it must be given by a
 * single scope of the holder.
 */
export function isWithin(scope: Scope, held: readonly Scope[]): boolean {
  return scope.subjects.every((pattern) =>
    scope.actions.every((action) =>
      held.some(
        (wider) =>
          wider.actions.includes(action) &&
          wider.subjects.some((widerPattern) => coversPattern(widerPattern, pattern)) &&
          (wider.counters === undefined ||
            scope.counters?.every((counter) => wider.counters?.includes(counter))),
      ),
    ),
  );
}

/** Whether a pattern matches every subject that the other one matches. */
function coversPattern(wider: string, pattern: string): boolean {
  if (!pattern.endsWith('*')) return matchesSubject(wider, pattern);
  return wider.endsWith('*') && pattern.slice(0, -1).startsWith(wider.slice(0, -1));
}

/**
 * The scopes in an OAuth `scope` claim (RFC 6749, 3.3): entries `tally/<action>/<subject>/<counter>`
 * such as `tally/read/resto-7/orders`, with `*` for all counters. Other entries are ignored: they
 * are for other services.
 */
export function scopesOfClaim(claim: string): Scope[] {
  return claim.split(' ').flatMap((entry) => {
    const [prefix, word, subject = '', counter = '', ...more] = entry.split('/');
    const action = actions.find((name) => name === word);
    if (
      prefix !== 'tally' ||
      !action ||
      !isSubjectPattern(subject) ||
      !counter ||
      more.length > 0
    ) {
      return [];
    }
    return [
      {
        actions: [action],
        subjects: [subject],
        ...(counter === '*' ? {} : { counters: [counter] }),
      },
    ];
  });
}
