/** What a refusal answers. */
import * as v from 'valibot';
import { count } from './schema-parts.ts';

/** Where a mistake is. */
const place = {
  pointer: v.optional(
    v.pipe(v.string(), v.description('Where in the body, such as `#/amount` (RFC 6901).')),
  ),
  parameter: v.optional(v.pipe(v.string(), v.description('Which parameter of path or query.'))),
  header: v.optional(v.pipe(v.string(), v.description('Which header.'))),
};

/** RFC 9457. */
export const problemDocument = v.object({
  type: v.pipe(v.string(), v.description('The page of the code.')),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  code: v.pipe(v.string(), v.description('Stable, so programs may branch on it.')),
  detail: v.pipe(v.string(), v.description('What is wrong with this request, for people.')),
  ...place,
  errors: v.optional(
    v.pipe(
      v.array(v.object({ code: v.string(), ...place, detail: v.string() })),
      v.description('With the code `invalid_request`: each thing that is wrong.'),
    ),
  ),
  count: v.optional(
    v.pipe(count, v.description('What the count is, where bounds or `expected` refused a change.')),
  ),
  remaining: v.optional(
    v.pipe(v.number(), v.integer(), v.description('How much room bounds leave in the window.')),
  ),
  resets_at: v.optional(
    v.pipe(v.nullable(v.string()), v.description('When the next window begins; null for none.')),
  ),
  challenge: v.optional(
    v.pipe(
      v.object({
        type: v.picklist(['proof-of-work', 'turnstile', 'hcaptcha']),
        seed: v.optional(v.string()),
        bits: v.optional(v.pipe(v.number(), v.integer())),
        expires_at: v.optional(v.string()),
        site_key: v.optional(v.string()),
      }),
      v.description('With `challenge_required`: what to solve.'),
    ),
  ),
  request_id: v.optional(
    v.pipe(v.string(), v.description('With `internal_error`: where to find it in the log.')),
  ),
});

/** What API Gateway says itself, before a request reaches Tally. */
export const gatewayAnswer = v.object({ message: v.string() });
