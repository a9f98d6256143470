/**
 * Many reads and changes in one request. Each item runs as if it had come alone, with its own right,
 * idempotency key and result. All of them run at once, so the store merges their reads into few calls.
 */
import * as v from 'valibot';
import type { Counters } from '../../counters/counters.ts';
import { limits } from '../../rules/limits.ts';
import { authorise, counterNeed, mayRead, tokenWithSender } from '../authorise.ts';
import { changeJson, createCounterReads } from '../counter-answers.ts';
import {
  bodyOf,
  type HttpRequest,
  parse,
  parseIdempotencyKey,
  tokenOf,
  wantsMinimal,
} from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { parseCounter, requireKind } from '../parse-names.ts';
import { Problem } from '../problem.ts';
import { acceptedOrThrow, json, problemBody } from '../responses.ts';
import { batchItem } from '../schemas.ts';

/** Each item is checked by itself, so that a wrong one does not fail the others. */
const envelope = v.strictObject({ items: v.array(v.unknown()) });

type Result = Readonly<Record<string, unknown>> & { readonly status: number };

export function createBatchOperations(counters: Counters) {
  const { config, counts } = counters;
  const read = createCounterReads(counters);

  async function runItem(request: HttpRequest, input: unknown): Promise<Result> {
    const item = parse(batchItem, input, 'An item');
    const counter = parseCounter(item, config);
    await authorise(request, counterNeed(item.action === 'read' ? 'read' : 'write', counter));
    if (item.action === 'read') {
      return { status: 200, ...(await read(counter, { window: item.window, consistent: false })) };
    }
    const count = requireKind(counter, 'count');
    const canRead = await mayRead(request, counter);
    const answer = acceptedOrThrow(
      await counts.change(count, {
        amount: (item.action === 'increment' ? 1 : -1) * (item.amount ?? 1),
        token: await tokenWithSender(request, parseIdempotencyKey(item.idempotency_key)),
        wantCount: canRead && !wantsMinimal(request),
      }),
      { canRead },
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
      throw new Problem(
        'too_many_items',
        `The batch has ${items.length} items; at most ${limits.batchItems} are allowed.`,
      );
    }
    const results = await Promise.all(
      items.map((item) =>
        runItem(request, item).catch((error: unknown) => problemBody(request.problemOf(error))),
      ),
    );
    return json(200, { results });
  };

  return { runBatch };
}
