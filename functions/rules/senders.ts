/**
 * Who may send an idempotency key. Each sender has a space of its own, so that nobody can use up, or
 * learn of, an idempotency key of somebody else. API keys share one: the servers of a deployment take
 * over from each other, and an API key is replaced while its retries are under way.
 */
export const senders = {
  /** API keys and identity tokens. */
  keys: 'k',
  /** Everybody without a credential: there an idempotency key protects only if nobody can guess it. */
  anyone: 'a',
  /** Tally itself, for a change whose caller sent none. */
  tally: 't',
  /** The user of a server, by the name in its pass. */
  member: (name: string) => `m:${name}`,
  visitor: (id: string) => `v:${id}`,
} as const;

/** An idempotency key, and who sent it. */
export interface Token {
  readonly text: string;
  /** One of `senders`. */
  readonly sender: string;
}
