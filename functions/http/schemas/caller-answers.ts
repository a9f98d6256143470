/** What API keys, passes, live updates and the health check answer. */
import * as v from 'valibot';
import { scope } from '../../access/key-schemas.ts';
import { limits } from '../../rules/limits.ts';
import { nextCursor } from './schema-parts.ts';

export const liveAnswer = v.object({
  realtime: v.pipe(v.string(), v.url(), v.description('The WebSocket to connect to.')),
  http: v.pipe(v.string(), v.url(), v.description('The HTTP endpoint of the same API.')),
  api_key: v.pipe(
    v.string(),
    v.description('For connecting and subscribing. It gives no other access.'),
  ),
  channel: v.pipe(
    v.string(),
    v.description('The channel of the counter. Everybody who knows it can listen.'),
  ),
  renew_after_seconds: v.pipe(
    v.number(),
    v.integer(),
    v.description('Ask again after this long, or the updates stop.'),
  ),
});

export const keyAnswer = v.object({
  id: v.string(),
  key: v.pipe(v.string(), v.description('The API key. It cannot be shown again.')),
});

export const keyList = v.object({
  keys: v.array(
    v.object({
      id: v.string(),
      scopes: v.array(scope),
      calls_per_minute: v.nullable(v.number()),
      created_at: v.string(),
      last_used_day: v.pipe(
        v.nullable(v.string()),
        v.description(`Null if it was not used for ${limits.keepKeyUseDays} days.`),
      ),
    }),
  ),
  next_cursor: nextCursor,
});

export const visitorAnswer = v.object({
  pass: v.string(),
  visitor: v.pipe(v.string(), v.description('The id of the visitor, as `me` stands for it.')),
  expires_at: v.pipe(v.string(), v.description('The pass can be renewed until a month later.')),
});

export const passAnswer = v.object({ pass: v.string(), expires_at: v.string() });

export const healthAnswer = v.object({ status: v.literal('ok') });
