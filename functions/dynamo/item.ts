/** An item as the document client gives it: attributes by their stored names. */
export type Item = Readonly<Record<string, unknown>>;

/**
 * The error for an item that does not hold what Tally writes. Trying again does not help: somebody
 * has to mend it. It names the item and shows nothing of it.
 */
export const malformedItem = ({ pk, sk }: Item): Error =>
  new Error(`the item ${String(pk)} / ${String(sk)} is malformed`);
