/** What a request that was answered has done, one deed for each right that it took. */
import type { RouteMatch } from '../../../functions/http/match-route.ts';
import {
  type EachOperation,
  isEachOperation,
  rightOf,
  type SingleRight,
} from './operation-rules.ts';

export interface Deed {
  readonly right: SingleRight;
  readonly params: Readonly<Record<string, string | undefined>>;
}

export interface Change {
  readonly action: string;
  readonly amount?: number;
}

export interface BatchItem extends Change {
  readonly subject: string;
  readonly counter: string;
}

export interface BatchResult {
  readonly status: number;
  readonly replayed?: boolean;
}

/** A request and its answer, as texts. */
export interface Exchange {
  readonly match: Extract<RouteMatch, { found: 'route' }>;
  readonly asked: string;
  readonly answered: string;
}

/** The parts of an answer of an operation that handles several counters. It does not compile without. */
const partsOf: Readonly<Record<EachOperation, (exchange: Exchange) => Deed[]>> = {
  // A counter whose answer is a problem is told of as well.
  readSubject({ match: { params }, answered }) {
    const { counters } = JSON.parse(answered) as { counters: object };
    const { subject } = params;
    return Object.keys(counters).map((counter) => ({
      right: 'read',
      params: { subject, counter },
    }));
  },
  runBatch: (exchange) =>
    doneItems(exchange).map(({ item: { action, subject, counter } }) => ({
      right: action === 'read' ? 'read' : 'write',
      params: { subject, counter },
    })),
};

/** @param exchange with an answer of success */
export function deedsOf(exchange: Exchange): Deed[] {
  const { operation } = exchange.match.route;
  // The answer to HEAD has no body, so it tells of none of its parts.
  if (isEachOperation(operation))
    return exchange.answered === '' ? [] : partsOf[operation](exchange);
  return [{ right: rightOf[operation], params: exchange.match.params }];
}

/** The items of a batch with their results. */
export function itemsOf({ asked, answered }: Exchange) {
  const { items } = JSON.parse(asked) as { items: BatchItem[] };
  const { results } = JSON.parse(answered) as { results: BatchResult[] };
  return items.flatMap((item, index) => {
    const result = results[index];
    return result ? [{ item, result }] : [];
  });
}

/** The items of a batch that were not refused. */
export const doneItems = (exchange: Exchange) =>
  itemsOf(exchange).filter(({ result: { status } }) => status < 300);
