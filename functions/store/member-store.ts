/** What members say in reaction and presence counters. */
import type { ViewerSessions } from '../rules/viewer-sessions.ts';

export interface MemberKey {
  readonly subject: string;
  readonly counter: string;
  readonly member: string;
}

/** What a member says in a counter: its choice, or the bucket of its last heartbeat; neither if it left. */
export interface MemberState {
  readonly choice?: string | undefined;
  readonly bucket?: string | undefined;
  /** The tabs and devices of a viewer. */
  readonly sessions?: ViewerSessions | undefined;
  /** Epoch ms since which it says this choice, or that it is here, or nothing. */
  readonly sinceMs?: number | undefined;
}

export interface StoredMember extends MemberState {
  /** Rises with every write of this member. */
  readonly stamp: number;
}

export interface MemberWrite {
  readonly state: MemberState;
  readonly region: string;
  readonly stamp: number;
  /** The stamp of what is replaced; undefined if nothing is stored. */
  readonly replaces: number | undefined;
  /** Epoch seconds; undefined for a state that stays. */
  readonly expiresAt: number | undefined;
}

export type MemberWriteOutcome =
  | { readonly outcome: 'written' }
  /** Nothing was written: this is stored, and not what was to be replaced. */
  | { readonly outcome: 'refused'; readonly stored: StoredMember | undefined };

export interface MemberStore {
  /** A member as it was last written. */
  read(key: MemberKey): Promise<StoredMember | undefined>;

  /** Replaces the state of a member: 1 write unit, safe to send again. */
  write(key: MemberKey, write: MemberWrite): Promise<MemberWriteOutcome>;
}
