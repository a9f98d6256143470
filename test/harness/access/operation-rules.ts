/**
 * The right that each operation takes, written a second time, by hand. A wrong or forgotten right in
 * the route table does not agree with it.
 */
import type { OperationName, Right } from '../../../functions/http/routes.ts';

export const rightOf = {
  readCounter: 'read',
  readHistory: 'read',
  readMember: 'read',
  findLiveUpdates: 'read',
  changeCounter: 'write',
  drawTicket: 'write',
  takeFromLimit: 'write',
  returnToLimit: 'write',
  setMember: 'write',
  removeMember: 'write',
  leave: 'write',
  resetCounter: 'admin',
  readSettings: 'admin',
  changeSettings: 'admin',
  readUnread: 'user',
  markRead: 'user',
  subscribe: 'user',
  unsubscribe: 'user',
  createPass: 'key',
  becomeVisitor: 'challenge',
  createKey: 'deployment',
  listKeys: 'deployment',
  revokeKey: 'deployment',
  readSubject: 'each',
  runBatch: 'each',
  checkHealth: 'none',
  showOpenApi: 'none',
  showDocs: 'none',
  showErrors: 'none',
  sendAsset: 'none',
} as const satisfies Readonly<Record<OperationName, Right>>;

/** A right to one thing, which `rights.test.ts` and `mayDo` tell for themselves. */
export type SingleRight = Exclude<Right, 'each'>;

/** The operations that handle several counters, and check the right to each of them. */
export type EachOperation = {
  [Operation in OperationName]: (typeof rightOf)[Operation] extends 'each' ? Operation : never;
}[OperationName];

/** The right to one part that the request of `rights.test.ts` to such an operation takes. */
export const partRightOf: Readonly<Record<EachOperation, SingleRight>> = {
  readSubject: 'read',
  runBatch: 'write',
};

export const isEachOperation = (operation: OperationName): operation is EachOperation =>
  rightOf[operation] === 'each';
