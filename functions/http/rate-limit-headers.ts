/**
 * The limit that a request met, for programs (draft-ietf-httpapi-ratelimit-headers-10): the policy with
 * its quota and window, and what remains of it and until when. Both are structured fields (RFC 9651).
 */
import type { TooManyCalls } from '../access/caller-limits.ts';

export const rateLimitHeaders = ({ limit, remaining, retryAfterSeconds }: TooManyCalls) => ({
  'ratelimit-policy': `"${limit.name}";q=${limit.rate.max};w=${limit.rate.perSeconds}`,
  ratelimit: `"${limit.name}";r=${remaining};t=${retryAfterSeconds}`,
});
