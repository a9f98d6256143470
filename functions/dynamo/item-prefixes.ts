/**
 * How the partition key of each kind of item begins. Data only: the infrastructure takes rights and
 * stream filters from here. docs/architecture.md shows the whole keys.
 */
export const itemPrefixes = {
  /** A part of a total. */
  cell: 'c#',
  /** How many shards the fold has spread a counter over, and since when. */
  growth: 'g#',
  /** Somebody listens to a counter. */
  watch: 'w#',
  /** A batch of the stream that could not be folded and waits in the failure bucket. */
  failedBatch: 'f#',
  /** An idempotency key, and what it was used for: a claim, which a register counts, or a change that the fold counts. */
  token: 'e#',
  /** What a member says in a reaction or presence counter, which the fold counts. */
  member: 'm#',
  /** A day's numbers of a ticket counter. */
  book: 't#',
  /** Entries that left their cell or book: beside it, with a sort key of its own. */
  cellPage: 'c#',
  bookPage: 't#',
  /** A block of the registers of a unique counter. */
  sketchBlock: 'h#',
  /** What a user has seen of a counter. */
  subscription: 'u#',
  /** What a subject has set for itself. */
  settings: 's#',
  /** An API key. */
  apiKey: 'k#',
  /** When an API key was last used. */
  apiKeyUse: 'y#',
  /** The secret of the deployment. */
  secret: 'p#',
  /** What earlier deployments of the table promised. */
  deployments: 'd#',
  /** What may be taken of a limit. */
  allowance: 'l#',
  /** What a caller may still do, by one of Tally's own limits. */
  callerAllowance: 'q#',
} as const;

export type ItemKind = keyof typeof itemPrefixes;

/** All API keys are in one partition, so that they can be listed; a function caches what it reads. */
export const apiKeysPartition = itemPrefixes.apiKey;

/** The partition of their last uses, which are listed together, too. */
export const apiKeyUsesPartition = itemPrefixes.apiKeyUse;

/** The partition of the one secret. */
export const secretPartition = `${itemPrefixes.secret}secret`;

/** The partition of all failed batches, so that one look tells whether there is any. */
export const failedBatchesPartition = itemPrefixes.failedBatch;
