/**
 * The attributes of each kind of item: what code calls them, and the letter they are stored under.
 * DynamoDB bills names by the byte, so they are one letter long. Within an item a letter has one
 * meaning. Data only; docs/architecture.md shows the same tables.
 */
import type { ItemKind } from './item-prefixes.ts';
import { tableDefinition } from './table-definition.ts';

/** Epoch seconds after which the item counts as absent, and DynamoDB deletes it some time later. */
const expiresAt = tableDefinition.ttlAttribute;

export const cellAttributes = {
  /** The number. */
  count: 'n',
  /** The sum of direct changes: of all but those by the fold, by sets and by resets. */
  direct: 'd',
  /** The other windows that the last direct change belongs to; the fold brings it there. */
  otherWindows: 'k',
  /** The cut-off of the register, epoch ms: it takes no entry that was claimed before. */
  cutOffMs: 'g',
  /** How much sets and resets have subtracted from the number, in all. On shard 0 only. */
  resetAway: 'z',
  /** How often sets and resets have changed the number. On shard 0 only. */
  sets: 'q',
  /** Epoch ms of the last change. */
  updatedAtMs: 't',
  /** How often the number was changed. */
  version: 'v',
  /** Who wrote the cell last: `f:` and the region of the fold, or `d` for everybody else. */
  writer: 'w',
  /** How many cells readers sum in this region; absent for 1. On shard 0 only. */
  shardCount: 's',
  /** The history of shard counts, as in a growth item. On shard 0 of the window `all` only. */
  growth: 'h',
  expiresAt,
} as const;

/** Who wrote a cell last, as the cell says it. */
export const cellWriters = {
  /** Everybody but the fold. */
  direct: 'd',
  fold: (region: string) => `f:${region}`,
} as const;

export const growthAttributes = {
  /** The history of shard counts: epoch ms and count, in turn, oldest first. */
  growth: 'h',
  expiresAt,
} as const;

export const watchAttributes = {
  /** Epoch ms until which somebody listens. */
  untilMs: 'l',
  /** Epoch ms of the last message. */
  sentAtMs: 't',
  /** The last step of those who send: every change but a listener's has an id of its own. */
  step: 'o',
  /** 1 while a function waits to send what the others leave to it. */
  leased: 'q',
  expiresAt,
} as const;

/** There is such an item as long as its batch lies in the bucket; it needs to hold nothing. */
const failedBatchAttributes = {} as const;

export const tokenAttributes = {
  /** How much the change adds. */
  amount: 'd',
  /** What the caller asked for: another request with this idempotency key is refused. */
  fingerprint: 'f',
  /** The region that accepted the change. */
  region: 'r',
  /** The keys of the windows that the change belongs to, the shown one first. */
  windows: 'k',
  /** Epoch ms at which the change was accepted; of a claim, see `claimedAtMs`. */
  acceptedAtMs: 't',
  /** Epoch ms of the claim, if a register counts the token and not the fold; it has no amount then. */
  claimedAtMs: 'c',
  /** The shard whose cell is that register. */
  shard: 's',
  expiresAt,
} as const;

export const memberAttributes = {
  /** The choice of a member of a reaction. */
  choice: 'c',
  /** The bucket of a viewer's last heartbeat. */
  bucket: 'b',
  /** A map from each session of a viewer, hashed, to epoch ms of its last heartbeat, or less 0 when it left. */
  sessions: 'l',
  /** Epoch ms since which the member says this choice, or that it is here, or nothing. */
  sinceMs: 'a',
  /** The region that accepted it. */
  region: 'r',
  /** Rises with every write; epoch ms, or more. A member that left has neither choice nor bucket. */
  stamp: 't',
  expiresAt,
} as const;

const bookAttributes = {
  /** The last number and its shift, as one number. */
  number: cellAttributes.count,
  /** The cut-off of the register. */
  cutOffMs: cellAttributes.cutOffMs,
  /** Epoch ms of the last change. */
  updatedAtMs: cellAttributes.updatedAtMs,
  expiresAt,
} as const;

export const pageAttributes = { expiresAt } as const;

export const sketchBlockAttributes = { expiresAt } as const;

export const subscriptionAttributes = {
  /** The count when the user last looked. */
  seen: 'n',
  /** How much resets had subtracted from it by then, in all. */
  seenResetAway: 'z',
} as const;

export const settingsAttributes = {
  /** The IANA time zone. */
  timeZone: 'z',
  /** The local time at which the business day begins, `04:00`. */
  dayStart: 'o',
  /** The calendars of before, oldest first: a list of `<until, epoch ms> <time zone> <start of day>`. */
  earlier: 'h',
} as const;

export const apiKeyAttributes = {
  /** SHA-256 of the secret half of the key. */
  secretHash: 'h',
  /** What the key may do: a list of scopes. */
  scopes: 'g',
  /** How many requests a minute it may make; absent for no limit. */
  callsPerMinute: 'm',
  /** Epoch ms at which it was created. */
  createdAtMs: 't',
} as const;

export const apiKeyUseAttributes = {
  /** The last day on which the API key was used, `2026-11-21`. */
  lastUsedDay: 'u',
  expiresAt,
} as const;

export const secretAttributes = {
  /** How often the item was written. */
  revision: 'v',
  /** 32 random bytes that key the hashes of unique counters and never change. */
  sketchKey: 'b',
  /** What signs, oldest first: a list of lists of id, 32 random bytes, epoch ms from which it signs, and at which it ends. */
  versions: 's',
} as const;

export const deploymentsAttributes = {
  /** How often the item was written. */
  revision: 'v',
  /** Hours that idempotency keys are kept. */
  tokenHours: 'h',
  /** Hours that those made earlier were kept. */
  tokenHoursBefore: 'p',
  /** Epoch ms: idempotency keys made from then on are kept for the hours of now. */
  tokenSinceMs: 's',
  /** A map from the name of a count to epoch ms since which it has bounds; null if it has none. */
  boundedSinceMs: 'b',
  /** A map from the name of a counter to its kind, windows, choices and bounds when it was last used. */
  shapes: 'c',
} as const;

export const allowanceAttributes = {
  /** The theoretical arrival, epoch microseconds: when everything will be back. */
  arrivalUs: 'a',
  expiresAt,
} as const;

export const itemAttributes = {
  cell: cellAttributes,
  growth: growthAttributes,
  watch: watchAttributes,
  failedBatch: failedBatchAttributes,
  token: tokenAttributes,
  member: memberAttributes,
  book: bookAttributes,
  cellPage: pageAttributes,
  bookPage: pageAttributes,
  sketchBlock: sketchBlockAttributes,
  subscription: subscriptionAttributes,
  settings: settingsAttributes,
  apiKey: apiKeyAttributes,
  apiKeyUse: apiKeyUseAttributes,
  secret: secretAttributes,
  deployments: deploymentsAttributes,
  allowance: allowanceAttributes,
  callerAllowance: allowanceAttributes,
} as const satisfies Record<ItemKind, Readonly<Record<string, string>>>;

/**
 * Attributes that an item has any number of: how their names begin. Entries of registers are the
 * exception: they are named by a hash of their token and claim alone.
 */
export const attributePrefixes = {
  cell: {
    /** What one choice of a reaction, or one bucket of viewers, counts: `.love`. */
    part: '.',
    /** The last record that the fold has added to this cell, per stream shard: see rules/marks.ts. */
    mark: '-',
  },
  sketchBlock: {
    /** A register: `r0` to `r3j`, its index within the block in base 36. */
    register: 'r',
  },
} as const satisfies Partial<Record<ItemKind, Readonly<Record<string, string>>>>;
