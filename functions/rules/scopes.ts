/**
 * What a key, a visitor's pass or an identity's token is good for: actions, on subjects, on counters.
 */
export const actions = ['read', 'write', 'admin'] as const;
export type Action = (typeof actions)[number];

export interface Scope {
  readonly actions: readonly Action[];
  /** Names, or beginnings of names followed by `*`: `resto-7`, `resto-7:*`, `*`. */
  readonly subjects: readonly string[];
  /** Names; undefined is all counters, and what is about the subject as a whole. */
  readonly counters?: readonly string[] | undefined;
}

/** Everything there is. */
export const fullScope: Scope = { actions, subjects: ['*'] };

const subjectPattern = /^(?:\*|[A-Za-z0-9][A-Za-z0-9._:~-]{0,126}(?:[A-Za-z0-9._:~-]|\*)?)$/;

export const isSubjectPattern = (text: string): boolean => subjectPattern.test(text);

export function matchesSubject(pattern: string, subject: string): boolean {
  return pattern.endsWith('*') ? subject.startsWith(pattern.slice(0, -1)) : pattern === subject;
}

/** Whether some scope allows an action on a counter; without a counter, on the subject as a whole. */
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

/** Whether some scope allows an action somewhere. */
export const allowsSomewhere = (scopes: readonly Scope[], action: Action): boolean =>
  scopes.some((scope) => scope.actions.includes(action));

/** Whether some scope allows an action on everything there is. */
export const allowsEverywhere = (scopes: readonly Scope[], action: Action): boolean =>
  scopes.some(
    (scope) =>
      scope.actions.includes(action) &&
      scope.subjects.includes('*') &&
      scope.counters === undefined,
  );

/**
 * Whether every right that `asked` gives is given by some single scope of `granted`: nobody can hand
 * on more than they have.
 */
export function isWithin(asked: Scope, granted: readonly Scope[]): boolean {
  return asked.subjects.every((pattern) =>
    asked.actions.every((action) =>
      granted.some(
        (scope) =>
          scope.actions.includes(action) &&
          scope.subjects.some((wider) => coversPattern(wider, pattern)) &&
          (scope.counters === undefined ||
            asked.counters?.every((counter) => scope.counters?.includes(counter))),
      ),
    ),
  );
}

/** Whether a pattern matches every subject that the other one does. */
function coversPattern(wider: string, pattern: string): boolean {
  if (!pattern.endsWith('*')) return matchesSubject(wider, pattern);
  return wider.endsWith('*') && pattern.slice(0, -1).startsWith(wider.slice(0, -1));
}

/**
 * The scopes in an OAuth `scope` claim (RFC 6749, 3.3): entries `tally/<action>/<subject>/<counter>`
 * such as `tally/read/resto-7/orders`; `*` as the counter is all of them. Other entries are let be.
 */
export function scopesOfClaim(claim: string): Scope[] {
  return claim.split(' ').flatMap((entry) => {
    const [prefix, action, subject = '', counter = '', ...more] = entry.split('/');
    const known = actions.find((name) => name === action);
    if (prefix !== 'tally' || !known || !isSubjectPattern(subject) || !counter || more.length > 0) {
      return [];
    }
    return [
      {
        actions: [known],
        subjects: [subject],
        ...(counter === '*' ? {} : { counters: [counter] }),
      },
    ];
  });
}
