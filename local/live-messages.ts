/**
 * The words of AppSync Events' WebSocket protocol, and its rules for channels.
 * https://docs.aws.amazon.com/appsync/latest/eventapi/event-api-websocket-protocol.html
 */
import * as v from 'valibot';

export const liveSubprotocol = 'aws-appsync-event-ws';
/** After it comes, in base64url, a JSON object with the API key and the host of the HTTP endpoint. */
const authorizationPrefix = 'header-';

/** The one namespace of channels that Tally's event API has. */
const namespace = 'counters';
const segmentsMax = 5;
/** AWS documents this pattern for a namespace, which is the first segment. */
const segmentPattern = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?$/;

/** The client chooses it for each operation; answers repeat it. */
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
const authorization = v.optional(v.record(v.string(), v.unknown()), {});

const clientMessageSchema = v.variant('type', [
  v.object({ type: v.literal('connection_init') }),
  v.object({ type: v.literal('subscribe'), id, channel: v.string(), authorization }),
  v.object({ type: v.literal('unsubscribe'), id }),
  v.object({ type: v.literal('publish'), id }),
]);

export type ClientMessage = v.InferOutput<typeof clientMessageSchema>;
export type Authorization = Readonly<Record<string, unknown>>;

export interface LiveError {
  readonly errorType: string;
  readonly message: string;
  /** Set only where a connection is refused. */
  readonly errorCode?: number;
}

export const unauthorized: LiveError = {
  errorType: 'UnauthorizedException',
  message: 'You are not authorized to make this call.',
};

export function parseClientMessage(text: string): ClientMessage | undefined {
  const result = v.safeParse(clientMessageSchema, parseJson(text));
  return result.success ? result.output : undefined;
}

/** The authorization among the subprotocols that a client offers. */
export function findAuthorization(subprotocols: readonly string[]): Authorization {
  const offered = subprotocols.find((name) => name.startsWith(authorizationPrefix)) ?? '';
  const json = Buffer.from(offered.slice(authorizationPrefix.length), 'base64url').toString();
  const result = v.safeParse(v.record(v.string(), v.unknown()), parseJson(json));
  return result.success ? result.output : {};
}

/** @returns what is wrong with the channel; undefined if one may publish to it */
export function checkChannel(channel: string): LiveError | undefined {
  const [root, ...segments] = channel.split('/');
  const isPath =
    root === '' &&
    segments.length <= segmentsMax &&
    segments.every((segment) => segmentPattern.test(segment));
  if (!isPath) return badRequest('The channel is not a path of one to five valid segments.');
  if (segments[0] !== namespace) return badRequest('There is no such channel namespace.');
  return undefined;
}

/**
 * As the event API's own handler for subscriptions does: channel names are secrets that only a
 * counter's readers are told, so nobody may listen to all of them. The error is not called
 * unauthorized, because AWS's client then drops the whole connection and keeps reconnecting.
 */
export function checkSubscription(channel: string): LiveError | undefined {
  return channel.includes('*')
    ? badRequest('A subscription names one channel; wildcards are not allowed.')
    : checkChannel(channel);
}

export const badRequest = (message: string): LiveError => ({
  errorType: 'BadRequestException',
  message,
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
