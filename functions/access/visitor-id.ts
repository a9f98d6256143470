/** The id of a visitor: 128 bits that nobody can guess, as a name. */
export const visitorId = (bytes: Buffer): string =>
  `v-${bytes.subarray(0, 16).toString('base64url')}`;
