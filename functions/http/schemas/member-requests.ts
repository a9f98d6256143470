/** What requests for a member of a counter send. */
import * as v from 'valibot';
import { strictObject } from '../../counters/strict-object.ts';
import { limits } from '../../rules/limits.ts';

export const reactionBody = strictObject({
  choice: v.pipe(v.string(), v.description('One of the choices in the definition of the counter.')),
});

/** The body of a heartbeat, and of leaving. */
export const sessionBody = strictObject({
  session: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(limits.nameLength),
      v.description(
        'The tab or device, by a name that the page makes up. The viewer is here while one of its sessions is. Without it, the one session that has no name.',
      ),
    ),
  ),
});
