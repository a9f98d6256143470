/** `me` in a path stands for the member or user that the caller's pass is of. */
import { type RequestAccess, refuseWithoutPass } from '../access/access.ts';
import type { NamedCounter } from '../counters/named-counter.ts';
import { me } from '../rules/names.ts';
import { accessProblem } from './authorise.ts';
import { Problem } from './problem.ts';

type Params = Readonly<Record<string, string>>;

/**
 * The names in a path, with the caller's own in place of `me`.
 *
 * @throws Problem visitor_required, key_required, invalid_key, pass_expired, rate_limited, invalid_member,
 *   invalid_user; and for a member, as `counter`; StoreUnavailableError
 */
export async function nameMe(
  params: Params,
  { access, counter }: { access: RequestAccess; counter: () => NamedCounter },
): Promise<Params> {
  if (params.member === me) {
    const { definition } = counter();
    const mayBecomeVisitor = definition.access.write !== 'key';
    return { ...params, member: await ownName(access, { mayBecomeVisitor, name: 'member' }) };
  }
  if (params.user === me) {
    return { ...params, user: await ownName(access, { mayBecomeVisitor: false, name: 'user' }) };
  }
  return params;
}

async function ownName(
  access: RequestAccess,
  { mayBecomeVisitor, name }: { mayBecomeVisitor: boolean; name: 'member' | 'user' },
): Promise<string> {
  const caller = await access.caller();
  if (!caller.ok) {
    if (!mayBecomeVisitor || caller.code !== 'key_required') throw accessProblem(caller);
    throw accessProblem(refuseWithoutPass());
  }
  if (caller.member !== undefined) return caller.member;
  throw new Problem(
    `invalid_${name}`,
    `\`${me}\` is the ${name} of a pass, and this caller has none. Name the ${name}.`,
  );
}
