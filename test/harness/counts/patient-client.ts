import type { Answer, ChangeOptions, Instance } from '../tally-under-test.ts';

/**
 * Changes a counter as a client should: it sends a change again with the same token while it is told
 * to come back later. Without a token only where nothing was written, because a second one would
 * count again.
 */
export async function changeUntilTaken(
  instance: Instance,
  counter: string,
  amount: number,
  options: ChangeOptions = {},
): Promise<Answer> {
  const answer = await instance.change(counter, amount, options);
  const { code } = answer.body as { readonly code?: string };
  const isSafe = options.token !== undefined || code !== 'outcome_unknown';
  if (answer.status !== 503 || !isSafe) return answer;
  return changeUntilTaken(instance, counter, amount, options);
}
