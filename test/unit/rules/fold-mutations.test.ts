/**
 * Is the model check worth anything? Each clause of the rule is made wrong, and the check has to
 * notice. The histories are the same in every run, so that a mutant is found always or never.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { histories } from '../../harness/fold/fold-history.ts';
import { copiedRule, mutants } from '../../harness/fold/fold-mutants.ts';
import type { FoldRule } from '../../harness/fold/fold-rule.ts';
import { violations } from '../../harness/fold/fold-run.ts';

const search = { seed: 20_261_121, numRuns: 5_000, endOnFailure: true };

function hasCounterexample(rule: FoldRule): boolean {
  const property = fc.property(histories, (history) => violations(history, rule).length === 0);
  const { counterexample, errorInstance } = fc.check(property, search);
  // Wrong totals are wanted, not a mutant that throws.
  if (errorInstance instanceof TypeError) throw errorInstance;
  return counterexample !== null;
}

describe('the model check finds a fold that', () => {
  test.each(Object.entries(mutants))('%s', (_, rule) => {
    expect(hasCounterexample(rule)).toBe(true);
  });
});

test('the model check finds nothing wrong with the copy of the rule that the mutants are made of', () => {
  expect(hasCounterexample(copiedRule)).toBe(false);
});
