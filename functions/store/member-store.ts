/** What members say in reaction and presence counters. */

export interface MemberKey {
  readonly subject: string;
  readonly counter: string;
  readonly member: string;
}

/** What a member says now, in a counter: its choice, or the bucket of its last heartbeat. */
export interface MemberState {
  readonly choice?: string;
  readonly bucket?: string;
}

export interface MemberStore {
  /** The choice of a member as it was last written. */
  readChoice(key: MemberKey): Promise<string | undefined>;

  /**
   * Sets a member's choice: 1 write unit, and the same again changes nothing.
   * @returns the choice before
   */
  choose(key: MemberKey, choice: string, region: string): Promise<string | undefined>;

  /**
   * Puts a viewer into a bucket: 1 write unit, and the same again changes nothing.
   * @param expiresAt epoch seconds
   * @returns the bucket before
   */
  beat(
    key: MemberKey,
    bucket: string,
    options: { region: string; expiresAt: number },
  ): Promise<string | undefined>;

  /** Removes a member. @returns what it said */
  remove(key: MemberKey): Promise<MemberState | undefined>;
}
