/** The deployment that is attacked: who has which keys, and what belongs to whom. */
import { signPass } from '../../../functions/access/passes.ts';
import type { SecretsNow } from '../../../functions/counters/secrets.ts';
import type { Scope } from '../../../functions/rules/scopes.ts';
import { tally as config } from '../../../tally.config.ts';
import type { Instance } from '../tally-under-test.ts';
import { admin, adminKey, becomeVisitor, makeKey, makePass, revoke } from './callers.ts';
import type { Deed } from './deeds.ts';
import { fixedSecrets } from './fixed-secrets.ts';

/** No attacker has any right to it. */
export const victim = 'resto-8';
/** What the deployment's operator plays with instead. */
export const sandbox = 'boss-1';
export const victimUser = 'grace';

export interface Credential {
  readonly name: string;
  /** What is sent as `Authorization`; undefined for nothing. */
  readonly authorization: string | undefined;
  /** What it really gives. */
  readonly scopes: readonly Scope[];
  /** Whom it acts as, if it is a pass. */
  readonly member?: string;
  /** Whether Tally itself made it. */
  readonly isVisitor?: true;
}

type Send = Pick<Instance, 'send'>;

/** Gives the victim something to lose. */
export async function furnish({ send }: Send): Promise<void> {
  const put = (path: string, body: unknown) => send({ method: 'PUT', path, headers: admin, body });
  for (const counter of ['stock', 'counter']) {
    await put(`/v1/${victim}/${counter}`, { action: 'increment', amount: 40 });
  }
  await send({ method: 'POST', path: `/v1/${victim}/orders/tickets`, headers: admin });
  await send({ method: 'POST', path: `/v1/${victim}/calls/take`, headers: admin });
  await put(`/v1/${victim}/settings`, { time_zone: 'Asia/Tokyo', day_start: '04:00' });
  await put(`/v1/users/${victimUser}/subscriptions/${victim}/stock`, {});
}

/** @param secrets the deployment's, as somebody who has read the table would know them */
export async function makeCredentials(tally: Send, secrets: () => Promise<SecretsNow>) {
  const credentials: Credential[] = [
    { name: 'nobody', authorization: undefined, scopes: [] },
    {
      name: 'operator',
      authorization: `Bearer ${adminKey}`,
      scopes: [{ actions: ['read', 'write', 'admin'], subjects: ['*'] }],
    },
  ];
  const addKey = async (name: string, scopes: readonly Scope[], callsPerMinute?: number) => {
    const made = await makeKey(tally, scopes, callsPerMinute);
    credentials.push({ name, authorization: `Bearer ${made.key}`, scopes });
    return made;
  };
  const tenant = ['resto-7', 'resto-7:*'];
  const both: Scope = { actions: ['read', 'write'], subjects: tenant };
  const { key, headers } = await addKey('tenant', [both]);
  await addKey('reader', [{ actions: ['read'], subjects: tenant }]);
  await addKey('till', [{ actions: ['write'], subjects: tenant, counters: ['orders', 'stock'] }]);
  await addKey('manager', [{ actions: ['read', 'write', 'admin'], subjects: ['resto-7*'] }]);
  await addKey('limited', [{ actions: ['read', 'write'], subjects: ['post-*'] }], 30);
  const revoked = await makeKey(tally, [{ actions: ['read', 'write', 'admin'], subjects: ['*'] }]);
  await revoke(tally, revoked.id);

  const visitor = { member: 'ada', actions: ['read', 'write'], subject: 'resto-7' } as const;
  const pass = await makePass(tally, headers, visitor);
  const scope: Scope = { actions: ['read', 'write'], subjects: ['resto-7'] };
  credentials.push({
    name: 'visitor',
    authorization: pass.authorization,
    scopes: [scope],
    member: 'ada',
  });
  const { visitor: id, headers: ofVisitor } = await becomeVisitor(tally);
  credentials.push({
    name: 'newcomer',
    authorization: ofVisitor.authorization,
    scopes: [],
    member: id,
    isVisitor: true,
  });
  const all: Scope = { actions: ['read', 'write', 'admin'], subjects: ['*'] };
  const ofAll = { of: 'member', member: 'ada', scope: all, expiresAt: 4e9 } as const;
  const expired = signPass({ ...ofAll, expiresAt: 1 }, await secrets());
  const forged = signPass(ofAll, fixedSecrets(Buffer.alloc(32, 'a guess')));
  const useless = [revoked.key, `${key}x`, key.slice(0, -1), expired, forged, 'tally_', 'pass_x.y'];
  for (const text of useless) {
    credentials.push({ name: text.slice(0, 12), authorization: `Bearer ${text}`, scopes: [] });
  }
  return credentials;
}

/** Whether the caller had the right to what was done: the rules of docs/security.md, written a second time. */
export function mayDo(credential: Credential, { right, params }: Deed): boolean {
  const { subject = '', counter = '', member, user } = params;
  const { scopes } = credential;
  const isAnyone = credential.member === undefined;
  const actsAs = (name: string | undefined) =>
    isAnyone || name === undefined || name === 'me' || name === credential.member;
  switch (right) {
    case 'none':
    case 'key':
      return true;
    case 'challenge':
      return credential.authorization === undefined || credential.isVisitor === true;
    case 'read':
    case 'write': {
      const open = config.counters.get(counter)?.access[right];
      if (open === 'public') return true;
      const isOpened = open === 'visitor' && credential.isVisitor === true;
      return actsAs(member) && (isOpened || holds(scopes, right, subject, counter));
    }
    case 'admin':
      return isAnyone && holds(scopes, 'admin', subject, params.counter);
    case 'deployment':
      return isAnyone && scopes.some((it) => it.actions.includes('admin') && isForAll(it));
    case 'user':
      if (!actsAs(user)) return false;
      // A subscription is to a counter that the caller may read itself.
      return subject === ''
        ? scopes.some((it) => it.actions.includes('read'))
        : holds(scopes, 'read', subject, counter);
  }
}

export interface HandedOn {
  readonly subject: string;
  readonly actions: readonly ('read' | 'write')[];
  readonly counters?: readonly string[];
}

/** Whether somebody has every right that a pass gives. */
export function mayHandOn({ scopes, member }: Credential, pass: HandedOn): boolean {
  const { subject, actions, counters = [undefined] } = pass;
  const rights = actions.flatMap((action) => counters.map((counter) => ({ action, counter })));
  return (
    member === undefined &&
    rights.every(({ action, counter }) => holds(scopes, action, subject, counter))
  );
}

const isForAll = ({ subjects, counters }: Scope) =>
  subjects.includes('*') && counters === undefined;

function holds(
  scopes: readonly Scope[],
  action: Scope['actions'][number],
  subject: string,
  counter: string | undefined,
): boolean {
  return scopes.some(
    ({ actions, subjects, counters }) =>
      actions.includes(action) &&
      subjects.some((it) =>
        it.endsWith('*') ? subject.startsWith(it.slice(0, -1)) : it === subject,
      ) &&
      (counters === undefined || (counter !== undefined && counters.includes(counter))),
  );
}
