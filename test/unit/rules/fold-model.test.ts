/**
 * The model check of the fold. When it fails, it prints a seed and a path, and
 *
 *     FOLD_SEED=… FOLD_PATH=… npm test -- test/unit/rules/fold-model.test.ts
 *
 * runs that history again. FOLD_HISTORIES sets how many are tried: try a million (two minutes)
 * when the rule changes.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { histories } from '../../harness/fold/fold-history.ts';
import { shippedRule } from '../../harness/fold/fold-rule.ts';
import { violations } from '../../harness/fold/fold-run.ts';

const { FOLD_HISTORIES = '30000', FOLD_SEED, FOLD_PATH } = process.env;

test('whatever is replicated late, delivered again or cut off, every change counts exactly once', () => {
  fc.assert(
    fc.property(histories, (history) => {
      expect(violations(history, shippedRule)).toEqual([]);
    }),
    {
      numRuns: Number(FOLD_HISTORIES),
      ...(FOLD_SEED === undefined ? {} : { seed: Number(FOLD_SEED) }),
      ...(FOLD_PATH === undefined ? {} : { path: FOLD_PATH }),
    },
  );
}, 3_600_000); // As many histories as are asked for, even a million.
