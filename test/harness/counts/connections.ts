/** Draws tickets over HTTP, from several connections at once, as clients that retry do. */
import { Agent, request } from 'node:http';
import { expectGapFree, type Ticket } from '../http/requests.ts';

export interface Drawn extends Ticket {
  readonly token: string;
  readonly replayed: boolean;
}

export interface DrawOptions {
  readonly connections: number;
  /** In the order in which they are sent; a token that is listed twice is sent twice. */
  readonly tokens: readonly string[];
  /** `subject/counter` */
  readonly book: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where to send the next attempt. */
  readonly server: () => Promise<{ readonly url: string }>;
  /** Called after each ticket, with how many there are. */
  readonly onTicket?: (count: number) => void;
}

/** Far more than a server that is started again can need. */
const attemptsMax = 200;

/** @throws if a server answers anything but a ticket, or 503 */
export async function drawTickets(options: DrawOptions): Promise<Drawn[]> {
  const { connections, tokens, book, headers = {}, server, onTicket = () => {} } = options;
  const waiting = [...tokens];
  const drawn: Drawn[] = [];

  async function drawOne(agent: Agent, token: string): Promise<Drawn> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const { url } = await server();
      const answer = await post(`${url}/v1/${book}/tickets`, agent, {
        ...headers,
        'idempotency-key': token,
      }).catch(() => undefined);
      if (answer?.status === 201) {
        return { token, replayed: answer.replayed, ...(JSON.parse(answer.body) as Ticket) };
      }
      if (answer && answer.status !== 503) throw new Error(`${answer.status} ${answer.body}`);
    }
    throw new Error(`${token} got no ticket`);
  }

  async function useConnection(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let token = waiting.shift(); token !== undefined; token = waiting.shift()) {
      drawn.push(await drawOne(agent, token));
      onTicket(drawn.length);
    }
    agent.destroy();
  }

  await Promise.all(Array.from({ length: connections }, useConnection));
  return drawn;
}

/** Expects one number for every token, and on each day the numbers 1 … n, each once. */
export function expectOneNumberEach(drawn: readonly Drawn[]): void {
  const byToken = Map.groupBy(drawn, ({ token }) => token);
  const tickets = [...byToken.values()].map((all) => {
    const names = new Set(all.map(({ day, shift, number }) => `${day} ${shift} ${number}`));
    if (names.size > 1) throw new Error(`${all[0]?.token} got ${[...names].join(' and ')}`);
    return all[0] as Drawn;
  });
  for (const ofDay of Map.groupBy(tickets, ({ day }) => day).values()) {
    expectGapFree(ofDay.map(({ number }) => number));
  }
}

function post(
  url: string,
  agent: Agent,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; replayed: boolean; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('error', reject)
        .on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            replayed: response.headers['idempotency-replayed'] === 'true',
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
    });
    sent.on('error', reject).end();
  });
}
