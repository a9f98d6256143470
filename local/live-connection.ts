/** One WebSocket connection of a listener, in the protocol of AppSync Events. */
import type { WebSocket } from 'ws';
import {
  type Authorization,
  badRequest,
  type ClientMessage,
  checkSubscription,
  type LiveError,
  parseClientMessage,
  unauthorized,
} from './live-messages.ts';

/** A client that hears nothing for so long takes the connection for dead. AppSync's value. */
const connectionTimeoutMs = 300_000;
/** AppSync's quota. */
const subscriptionsMax = 100;
/** A client that is so far behind will not catch up: it is dropped, and may connect again. */
const unsentBytesMax = 1024 * 1024;

export interface LiveConnection {
  /** Passes an event on to every subscription to the channel. */
  publish(channel: string, event: string): void;
  /** Sends AppSync's `ka`; a client that was silent since the last call is dropped. */
  keepAlive(): void;
}

type Message = Readonly<Record<string, unknown>>;
/** A message that asks for something under an id that the client chose. */
type Operation = Extract<ClientMessage, { id: string }>;

export function serveConnection(
  socket: WebSocket,
  isAllowed: (authorization: Authorization) => boolean,
): LiveConnection {
  /** Channels by the client's ids of its subscriptions. */
  const subscriptions = new Map<string, string>();
  let isAlive = true;
  let isAcknowledged = false;

  function send(message: Message): void {
    if (socket.bufferedAmount > unsentBytesMax) socket.terminate();
    else socket.send(JSON.stringify(message));
  }

  function replyTo(message: ClientMessage): Message {
    const { type } = message;
    if (type === 'connection_init') {
      isAcknowledged = true;
      return { type: 'connection_ack', connectionTimeoutMs };
    }
    const error = refusalOf(message);
    if (error) return { type: `${type}_error`, id: message.id, errors: [error] };
    if (type === 'subscribe') subscriptions.set(message.id, message.channel);
    if (type === 'unsubscribe') subscriptions.delete(message.id);
    return { type: `${type}_success`, id: message.id };
  }

  function refusalOf(message: Operation): LiveError | undefined {
    const { type, id } = message;
    if (!isAcknowledged) return badRequest('A connection begins with connection_init.');
    // Only the stream function may publish, over HTTP and with its role.
    if (type === 'publish') return unauthorized;
    if (type === 'unsubscribe') {
      return subscriptions.has(id)
        ? undefined
        : { errorType: 'UnknownOperationError', message: `Unknown operation id ${id}` };
    }
    if (!isAllowed(message.authorization)) return unauthorized;
    if (subscriptions.has(id)) {
      return { errorType: 'DuplicatedOperationError', message: `Operation id ${id} is in use.` };
    }
    if (subscriptions.size >= subscriptionsMax) {
      return {
        errorType: 'MaxSubscriptionsReachedError',
        message: `A connection has at most ${subscriptionsMax} subscriptions.`,
      };
    }
    return checkSubscription(message.channel);
  }

  socket.on('message', (data: Buffer, isBinary) => {
    isAlive = true;
    const message = isBinary ? undefined : parseClientMessage(data.toString());
    const misunderstood = { type: 'error', errors: [badRequest('The message is not understood.')] };
    send(message ? replyTo(message) : misunderstood);
  });
  socket.on('pong', () => {
    isAlive = true;
  });

  return {
    publish(channel, event) {
      for (const [id, subscribed] of subscriptions) {
        if (subscribed === channel) send({ type: 'data', id, event });
      }
    },
    keepAlive() {
      if (!isAlive) socket.terminate();
      isAlive = false;
      send({ type: 'ka' });
      socket.ping();
    },
  };
}
