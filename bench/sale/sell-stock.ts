/** A sale: many buyers take from one stock by HTTP at the same time, and each sends its request twice. */
import { Agent, request } from 'node:http';
import { shuffled } from '../../test/harness/counts/shuffled.ts';
import { seededRandom } from '../../test/harness/seeded-random.ts';

export interface SaleOptions {
  readonly url: string;
  /** `subject/counter`: a count with a lower bound. */
  readonly stock: string;
  /** Those of a caller who may write it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly buyers: number;
  readonly connections: number;
  /** Decides which of the two requests of a buyer come together, and which long after one another. */
  readonly seed: number;
}

export interface Sale {
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Idempotency keys that were told that they have bought, by one answer at least. */
  readonly buyers: ReadonlySet<string>;
  /** Those that were told different things. */
  readonly contradicted: readonly string[];
  /** Answers that were no replay, of those that bought. */
  readonly firstAnswers: number;
  readonly seconds: number;
  /** From the slowest hundredth on. */
  readonly slowestMs: number;
}

interface Bought {
  readonly token: string;
  readonly status: number;
  readonly isReplay: boolean;
  readonly ms: number;
}

export async function sellStock(options: SaleOptions): Promise<Sale> {
  const { buyers, connections, seed } = options;
  const tokens = Array.from({ length: buyers }, (_, index) => `buyer-${index}`);
  const waiting = shuffled([...tokens, ...tokens], seededRandom(seed));
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answers: Bought[] = [];

  async function useConnection(): Promise<void> {
    for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) {
      answers.push(await buy(options, token, agent));
    }
  }

  const begunAt = performance.now();
  await Promise.all(Array.from({ length: connections }, useConnection));
  const seconds = (performance.now() - begunAt) / 1000;
  agent.destroy();
  return { ...summarise(answers), seconds };
}

function summarise(answers: readonly Bought[]): Omit<Sale, 'seconds'> {
  const statuses: Record<number, number> = {};
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  const bought = answers.filter(({ status }) => status === 200);
  const times = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const byToken = Map.groupBy(answers, ({ token }) => token);
  const isContradicted = (all: readonly Bought[]) =>
    new Set(all.map(({ status }) => status)).size > 1;
  return {
    statuses,
    buyers: new Set(bought.map(({ token }) => token)),
    contradicted: [...byToken].filter(([, all]) => isContradicted(all)).map(([token]) => token),
    firstAnswers: bought.filter(({ isReplay }) => !isReplay).length,
    slowestMs: times[Math.floor(times.length * 0.99)] ?? 0,
  };
}

function buy({ url, stock, headers }: SaleOptions, token: string, agent: Agent): Promise<Bought> {
  const begunAt = performance.now();
  const body = JSON.stringify({ action: 'decrement' });
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/v1/${stock}`,
      {
        method: 'PUT',
        agent,
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': token },
      },
      (response) => {
        response
          .on('error', reject)
          .on('end', () =>
            resolve({
              token,
              status: response.statusCode ?? 0,
              isReplay: response.headers['idempotency-replayed'] === 'true',
              ms: performance.now() - begunAt,
            }),
          )
          .resume();
      },
    );
    sent.on('error', reject).end(body);
  });
}
