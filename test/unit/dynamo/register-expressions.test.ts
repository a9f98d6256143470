import { expect, test } from 'vitest';
import { cutUpdate } from '../../../functions/dynamo/register-expressions.ts';
import { limits } from '../../../functions/rules/limits.ts';

test('a turn fits into an expression of 4 KB, however many entries leave', () => {
  const leaving = Array.from({ length: limits.registerTurn.leavingMax }, (_, index) =>
    String(index).padStart(12, '-'),
  );
  const turn = { cutOffMs: 1, nextCutOffMs: 2, page: new Map(), leaving };
  const { UpdateExpression, ExpressionAttributeNames: names = {} } = cutUpdate(turn);
  expect(Object.values(names)).toEqual(leaving);
  // Names in the place of their placeholders, in case that is what AWS counts.
  const longest = UpdateExpression.replaceAll(/#e\d+/g, (alias) => names[alias] ?? alias);
  expect(longest.length).toBeLessThan(4_096);
});
