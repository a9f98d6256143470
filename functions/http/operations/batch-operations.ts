/**
 * Many reads and writes in one request. Each item is done as if it had come alone, with its own
 * right, token and result; all at once, so that the store merges their reads into one call.
 */
import * as v from 'valibot';
import type { Counters } from '../../counters/counters.ts';
import { limits } from '../../rules/limits.ts';
import { counterNeed, isReader, type Operation } from '../answer-request.ts';
import {
  bodyOf,
  type HttpRequest,
  parse,
  parseCounter,
  parseIdempotencyKey,
  requireKind,
  tokenOf,
  wantsMinimal,
} from '../http-request.ts';
import { Problem } from '../problem.ts';
import { acceptedOrThrow, json, problemBody } from '../responses.ts';
import { batchItem } from '../schemas.ts';
import { changeJson } from './counter-operations.ts';
import { createCounterReads } from './counter-reads.ts';

/** Each item is checked by itself, so that one that is wrong does not fail the others. */
const envelope = v.strictObject({ items: v.array(v.unknown()) });

type Result = Readonly<Record<string, unknown>> & { readonly status: number };

export function createBatchOperations(counters: Counters) {
  const { config, counts } = counters;
  const read = createCounterReads(counters);

  async function runItem(request: HttpRequest, input: unknown): Promise<Result> {
    const item = parse(batchItem, input);
    const named = parseCounter(item, config);
    await request.access.authorise(counterNeed(item.action === 'read' ? 'read' : 'write', named));
    if (item.action === 'read') {
      return { status: 200, ...(await read(named, { window: item.window, consistent: false })) };
    }
    const count = requireKind(named, 'count');
    const mayRead = await isReader(request, named);
    const answer = acceptedOrThrow(
      await counts.change(count, {
        amount: item.action === 'increment' ? item.amount : -item.amount,
        token: parseIdempotencyKey(item.idempotency_key),
        wantCount: mayRead && !wantsMinimal(request),
      }),
      { mayRead },
    );
    const replayed = answer.replayed ? { replayed: true } : {};
    if (answer.count === undefined) return { status: 204, ...replayed };
    return { status: 200, ...changeJson({ ...answer, count: answer.count }), ...replayed };
  }

  const runBatch: Operation = async (request) => {
    if (tokenOf(request) !== undefined) {
      throw new Problem(
        'invalid_idempotency_key',
        'In a batch, each item has its own `idempotency_key`.',
      );
    }
    const { items } = bodyOf(request, envelope);
    if (items.length > limits.batchItems) {
      throw new Problem('too_many_items', `The batch has ${items.length} items.`);
    }
    const results = await Promise.all(
      items.map((item) =>
        runItem(request, item).catch((error: unknown) => problemBody(request.problemOf(error))),
      ),
    );
    return json(200, { results }, { 'cache-control': 'no-store' });
  };

  return { runBatch };
}
