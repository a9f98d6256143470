/** A client of live updates as AWS documents it, on the bare protocol. */
import { once } from 'node:events';
import { expect, vi } from 'vitest';
import { WebSocket } from 'ws';

export const deadline = { timeout: 120_000, interval: 20 };

type Message = Readonly<Record<string, unknown>>;

export interface LiveListener {
  /** The totals heard so far. */
  readonly heard: readonly Message[];
  close(): void;
}

/** Resolves once it listens. @param counterUrl a counter's own URL, to which `/live` is added */
export async function listenTo(counterUrl: string): Promise<LiveListener> {
  const response = await fetch(`${counterUrl}/live`);
  const live = (await response.json()) as Readonly<Record<string, string>>;
  const { realtime = '', http = '', api_key: apiKey, channel } = live;
  const authorization = { host: new URL(http).host, 'x-api-key': apiKey };
  const header = Buffer.from(JSON.stringify(authorization)).toString('base64url');
  const socket = new WebSocket(realtime, ['aws-appsync-event-ws', `header-${header}`]);
  const messages: Message[] = [];
  const heard: Message[] = [];
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    messages.push(message);
    if (message.type === 'data') heard.push(JSON.parse(String(message.event)) as Message);
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  socket.send(JSON.stringify({ type: 'subscribe', id: 'one', channel, authorization }));
  await vi.waitFor(
    () => expect(messages).toContainEqual({ type: 'subscribe_success', id: 'one' }),
    deadline,
  );
  return { heard, close: () => socket.close() };
}
