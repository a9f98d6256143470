/**
 * All of Tally on this machine, in real time, as `npm start` wires it, with the counters of a test: HTTP,
 * the table's own stream, and live updates over WebSockets.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type SecretsNow, secretsAt } from '../../../functions/counters/secrets.ts';
import { createDynamoFoldStore } from '../../../functions/dynamo/dynamo-fold-store.ts';
import { createReadFunction } from '../../../functions/http/read-function.ts';
import { createSiteFunction } from '../../../functions/http/site-function.ts';
import { createWriteFunction } from '../../../functions/http/write-function.ts';
import { createPublisher } from '../../../functions/stream/publisher.ts';
import { createStreamFunction } from '../../../functions/stream/stream-function.ts';
import { createHttpServer } from '../../../local/http-server.ts';
import { attachLiveServer, livePaths } from '../../../local/live-server.ts';
import { ownHosts } from '../../../local/own-hosts.ts';
import { startStreamPump } from '../../../local/stream-pump.ts';
import { engineAccess, startTestEngine } from '../engine/test-engine.ts';
import { createTestTable, type TestTable } from '../engine/test-table.ts';
import { storedContext } from '../members/stored-context.ts';
import type { TallyOptions } from '../tally-under-test.ts';

export interface LiveStack {
  readonly url: string;
  readonly table: TestTable;
  /** What a function logged as an error, and what the stream function could not publish. */
  readonly errors: readonly unknown[];
  /** Every answer sent, in order. */
  readonly answers: readonly { readonly path: string; readonly status: number }[];
  /** What passes are signed with. */
  secrets(): Promise<SecretsNow>;
  stop(): Promise<void>;
}

export async function startLiveStack(counters: TallyOptions['counters']): Promise<LiveStack> {
  const errors: unknown[] = [];
  const answers: { path: string; status: number }[] = [];
  const engine = await startTestEngine({ dataFolder: 'memory' });
  const table = await createTestTable({ endpoint: engine.endpoint, stream: true });
  const { context, clients } = storedContext({ table, counters, now: Date.now });
  const isOwnHost = ownHosts();
  const { server, serve } = createHttpServer(isOwnHost);
  server.on('request', ({ url = '' }, response) => {
    response.on('finish', () => answers.push({ path: url, status: response.statusCode }));
  });
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { accessKeyId, secretAccessKey } = engineAccess.credentials;
  const endpoints = {
    http: `http://localhost:${port}${livePaths.publish}`,
    realtime: `ws://localhost:${port}${livePaths.realtime}`,
    apiKey: 'da2-abcdefghijklmnopqrstuvwxyz',
  };
  const live = attachLiveServer(server, {
    apiKey: endpoints.apiKey,
    publisher: engineAccess,
    isOwnHost,
  });
  const logger = { error: (_message: string, error: Error) => void errors.push(error) };
  const wiring = { context, adminKey: undefined, logger };
  const { config } = context;
  serve({
    live,
    handlers: {
      read: createReadFunction(wiring),
      write: createWriteFunction({ ...wiring, live: endpoints }),
      site: createSiteFunction({ config, logger }),
    },
  });
  const pump = startStreamPump({
    ...table,
    positionFile: undefined,
    handler: createStreamFunction({
      context,
      foldStore: createDynamoFoldStore({ ...context, clients, tableName: table.tableName }),
      publish: createPublisher({
        endpoint: endpoints.http,
        region: engineAccess.region,
        variables: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      }),
      report: ({ failures }) => void errors.push(...failures),
    }),
  });

  return {
    url: `http://localhost:${port}`,
    table,
    errors,
    answers,
    secrets: async () => secretsAt((await context.stores.secret.read()).versions, context.now()),
    async stop() {
      await pump.stop();
      live.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await engine.stop();
    },
  };
}
