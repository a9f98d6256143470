/** Why a caller may not do what it asks for, and mistakes in API keys and passes. */
import type { ErrorText } from '../pages/errors-document.ts';
import { limits } from '../rules/limits.ts';

export const accessProblems = {
  key_required: {
    status: 401,
    title: 'This needs an API key or a pass',
    cause: 'It is not open to everybody, and the request has no API key, pass or identity token.',
    fix: 'Send `Authorization: Bearer tally_…`.',
    retry: 'no',
  },
  visitor_required: {
    status: 401,
    title: 'This needs the pass of a visitor',
    cause:
      'The counter is open to visitors, so that each has one vote, and the request has no pass.',
    fix: 'Get a pass with `POST /v1/visitors`, and send it as `Authorization: Bearer pass_…`. A server may send its API key.',
    retry: 'no',
  },
  challenge_required: {
    status: 401,
    title: 'A challenge has to be solved first',
    cause:
      'The request has no `solution`, or one that is wrong, too old or of another network address. `challenge` has a new challenge.',
    fix: 'Solve the challenge, and send the request again with the `solution`.',
    retry: 'no',
  },
  challenge_unavailable: {
    status: 503,
    title: 'The solution cannot be verified at the moment',
    cause:
      'The provider of the challenge does not answer, or does not know this deployment. No pass was made.',
    fix: 'Send the request again after `Retry-After` seconds, with a new solution. If it goes on, the operator finds the reason in the log.',
    retry: 'yes',
  },
  invalid_key: {
    status: 401,
    title: 'The API key or pass is not valid',
    cause: 'The API key is malformed, unknown or revoked; or the pass is not genuine.',
    fix: 'Ask your operator for an API key, or your server for a pass.',
    retry: 'no',
  },
  pass_expired: {
    status: 401,
    title: 'The pass has expired',
    cause: 'The pass was good until its `expires_at`, and that is over.',
    fix: 'Get a new pass: from your server, if it has made this one; or, as a visitor, renew this one with `POST /v1/visitors`. Then send the request again, with the same Idempotency-Key if it had one.',
    retry: 'no',
  },
  forbidden: {
    status: 403,
    title: 'The API key, pass or identity token has no right to do this',
    cause:
      'The API key, pass or identity token is valid, but not for this action on this subject and counter. The answer is the same whether they exist or not.',
    fix: 'Ask your operator for an API key with the scope that this takes.',
    retry: 'no',
  },
  origin_not_allowed: {
    status: 403,
    title: 'Pages of this origin may not write',
    cause:
      'A page of an origin that is not in `corsOrigins` of tally.config.ts sent the request. Browsers say so in `Origin` and `Sec-Fetch-Site`; other clients send neither.',
    fix: 'Add the origin of the page to `corsOrigins` and deploy.',
    retry: 'no',
  },
  other_member: {
    status: 403,
    title: 'The pass is of another member',
    cause: 'A pass acts for the member or visitor that it was made for, and for no other.',
    fix: 'Use `me` in place of the member. A server acts for its users with its API key.',
    retry: 'no',
  },
  not_through_edge: {
    status: 403,
    title: 'The request does not come through CloudFront',
    cause:
      'The deployment has CloudFront and a firewall in front, and takes no requests past them.',
    fix: 'Use the address of the deployment, `ApiUrl` of its stack, and not that of API Gateway.',
    retry: 'no',
  },
  unknown_host: {
    status: 421,
    title: 'The server does not answer under this name',
    cause:
      'The `Host` header has a name that the server of `npm start` was not given. A page of another site could otherwise reach it by a name of its own.',
    fix: 'Use `localhost` or an address, or start the server with the name in `TALLY_HOSTS`.',
    retry: 'no',
  },
  rate_limited: {
    status: 429,
    title: 'The caller has made too many requests',
    cause:
      'An API key may have a limit of requests a minute; its passes count as well. Without one, a network address and a visitor may make so many reads and changes a minute. `detail` and the header `RateLimit-Policy` say which limit it is. A batch counts its items, and a long history or union what it reads. Nothing was read or changed.',
    fix: 'Wait for `Retry-After` seconds. `RateLimit` says the same, with what remains.',
    retry: 'yes',
  },
  request_too_heavy: {
    status: 400,
    title: 'The request counts for more than its caller may do at once',
    cause:
      'A batch counts its items, and a history or union what it reads. This one is more than fits into the limit of its caller, even if nothing else is sent.',
    fix: 'Send several smaller requests, or use an API key with a higher limit.',
    retry: 'no',
  },
  invalid_scopes: {
    status: 400,
    title: 'The scopes of the API key are not valid',
    cause:
      '`scopes` is missing or empty; or a scope has an unknown or repeated action, no subjects, a reserved subject, an empty list of counters, a counter that is not defined, or too many names.',
    fix: 'Send `{"scopes":[{"actions":["read","write"],"subjects":["resto-7"],"counters":["orders"]}]}`.',
    retry: 'no',
  },
  invalid_calls_per_minute: {
    status: 400,
    title: 'The limit of requests is not valid',
    cause: `\`calls_per_minute\` is not a whole number from 1 to ${limits.callsPerMinuteMax}.`,
    fix: 'Send a number in this range, or leave it out for no limit.',
    retry: 'no',
  },
  invalid_pass: {
    status: 400,
    title: 'The rights of the pass are not valid',
    cause: `\`actions\` must be \`read\`, \`write\` or both; \`counters\`, if sent, a list of counters that are defined; and \`expires_in_seconds\` from 1 to ${limits.passSecondsMax}.`,
    fix: 'Correct the field that `detail` names.',
    retry: 'no',
  },
  too_many_keys: {
    status: 409,
    title: 'There are too many API keys',
    cause: `A deployment has at most ${limits.apiKeys} API keys.`,
    fix: 'Revoke API keys that are no longer used. The list says when each was last used.',
    retry: 'no',
  },
  unknown_key: {
    status: 404,
    title: 'There is no API key with this id',
    cause: 'The id is misspelt, or the API key is already revoked.',
    fix: 'List the API keys.',
    retry: 'no',
  },
} satisfies Readonly<Record<string, ErrorText>>;
