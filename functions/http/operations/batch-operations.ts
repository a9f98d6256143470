/**
 * Many reads and changes in one request. Each item runs as if it had come alone, with its own right,
 * idempotency key and result. All of them run at once, so the store merges their reads into few calls.
 */
import * as v from 'valibot';
import type { Work } from '../../access/access.ts';
import type { Counters } from '../../counters/counters.ts';
import type { TallyConfig } from '../../counters/define-counters.ts';
import { strictObject } from '../../counters/strict-object.ts';
import { itemsOfWindow, readWeight } from '../../rules/caller-limits.ts';
import { limits } from '../../rules/limits.ts';
import { parseToken } from '../../rules/tokens.ts';
import { authorise, charge, counterNeed, mayRead, tokenWithSender } from '../authorise.ts';
import { check, pointerOf, wholeOfBody } from '../check-input.ts';
import { changeJson, createCounterReads } from '../counter-answers.ts';
import type { HttpRequest } from '../http-request.ts';
import { problemOfMistakes } from '../mistake.ts';
import type { Operation } from '../operation.ts';
import { counterMistakes, parseCounter, requireKind } from '../parse-names.ts';
import { Problem } from '../problem.ts';
import { inputOf, wantsMinimal } from '../request-input.ts';
import { acceptedOrThrow, json, problemBody, problemHeaders } from '../responses.ts';
import { batchItem } from '../schemas/batch-requests.ts';

/** Each item is checked by itself, so that a wrong one does not fail the others. */
const envelope = strictObject({ items: v.array(v.unknown()) });

type Result = Readonly<Record<string, unknown>> & { readonly status: number };

export function createBatchOperations(counters: Counters) {
  const { config, counts } = counters;
  const read = createCounterReads(counters);

  async function runItem(request: HttpRequest, input: unknown, index: number): Promise<Result> {
    const item = itemOf(input, ['items', String(index)], config);
    const counter = parseCounter(item, config);
    await authorise(request, counterNeed(item.action === 'read' ? 'read' : 'write', counter));
    if (item.action === 'read') {
      return { status: 200, ...(await read(counter, { window: item.window, consistent: false })) };
    }
    const count = requireKind(counter, 'count');
    const canRead = await mayRead(request, counter);
    const key = item.idempotency_key;
    const token = key === undefined ? undefined : parseToken(key);
    const answer = acceptedOrThrow(
      await counts.change(count, {
        amount: (item.action === 'increment' ? 1 : -1) * (item.amount ?? 1),
        token: await tokenWithSender(request, token),
        wantCount: canRead && !wantsMinimal(request),
      }),
      { canRead },
    );
    const replayed = answer.replayed ? { replayed: true } : {};
    if (answer.count === undefined) return { status: 204, ...replayed };
    return { status: 200, ...changeJson({ ...answer, count: answer.count }), ...replayed };
  }

  const runBatch: Operation = async (request) => {
    const { body } = inputOf(request, {
      body: envelope,
      token: { refusal: 'In a batch, each item has its own `idempotency_key`.' },
    });
    const { items } = body;
    if (items.length > limits.batchItems) {
      throw new Problem(
        'too_many_items',
        `The batch has ${items.length} items; at most ${limits.batchItems} are allowed.`,
      );
    }
    await charge(request, workOf(items, config));
    const results = await Promise.all(
      items.map((item, index) =>
        runItem(request, item, index).catch((error: unknown) =>
          resultOf(request.problemOf(error, isRepeatable(item))),
        ),
      ),
    );
    return json(200, { results });
  };

  return { runBatch };
}

/** What a batch counts for. An item that is not valid counts like a change. */
function workOf(items: readonly unknown[], config: TallyConfig): Work {
  const fields = items.map((item): Partial<Record<'action' | 'counter', unknown>> => Object(item));
  const reads = fields.filter(({ action }) => action === 'read');
  const readWeights = reads.map(({ counter }) =>
    readWeight(itemsOfWindow(config.counters.get(String(counter))?.kind ?? '')),
  );
  return {
    reads: readWeights.reduce((sum, weight) => sum + weight, 0),
    writes: items.length - reads.length,
  };
}

/** A read, or a change that counts once. */
function isRepeatable(item: unknown): boolean {
  const { action, idempotency_key: token }: Record<string, unknown> = Object(item);
  return action === 'read' || token !== undefined;
}

/** An item has no headers, so its result says itself when to come back. */
function resultOf(cause: Problem): Result {
  const { 'retry-after': seconds } = problemHeaders(cause);
  return {
    ...problemBody(cause),
    ...(seconds === undefined ? {} : { retry_after_seconds: Number(seconds) }),
  };
}

/** @throws Problem for all that is wrong with an item */
function itemOf(
  input: unknown,
  path: readonly string[],
  config: TallyConfig,
): v.InferOutput<typeof batchItem> {
  const checked = check(batchItem, input, wholeOfBody('An item', path));
  const { counter }: { readonly counter?: unknown } = Object(input);
  const place = { pointer: pointerOf([...path, 'counter']) };
  const unknown = typeof counter === 'string' ? counterMistakes(counter, config, place) : [];
  if (checked.ok && unknown.length === 0) return checked.output;
  throw problemOfMistakes([...(checked.ok ? [] : checked.mistakes), ...unknown]);
}
