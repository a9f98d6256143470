/**
 * The right that each operation takes, written a second time, by hand. A wrong or forgotten right in
 * the route table does not agree with it.
 */
import type { OperationName, Right } from '../../../functions/http/routes.ts';

export const rightOf: Readonly<Record<OperationName, Right>> = {
  readCounter: 'read',
  readHistory: 'read',
  readMember: 'read',
  findLiveUpdates: 'read',
  changeCounter: 'write',
  drawTicket: 'write',
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
};
