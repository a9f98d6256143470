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
  /** How much resets have subtracted from the number, in all. */
  resetAway: 'z',
  /** Epoch ms of the last change. */
  updatedAtMs: 't',
  /** How many cells the total has in this region; absent for 1. On shard 0 only. */
  shardCount: 's',
  /** Epoch ms until which somebody listens. On shard 0 only. */
  watchedUntilMs: 'l',
  expiresAt,
} as const;

export const tokenAttributes = {
  /** How much the change adds. */
  amount: 'd',
  /** What the caller asked for: another request with this idempotency key is refused. */
  fingerprint: 'f',
  /** The region that accepted the change. */
  region: 'r',
  /** The keys of the windows that the change belongs to, the shown one first. */
  windows: 'k',
  /** Epoch ms at which the change was accepted. */
  acceptedAtMs: 't',
  /** 1 if the shown window was changed in the same transaction, so that the fold must not do it. */
  applied: 'a',
  expiresAt,
} as const;

export const claimAttributes = {
  /** What the caller asked for: `ticket` or `reset`. */
  fingerprint: 'f',
  /** The business day of the book. */
  day: 'y',
  /** No page of the book before this one has an entry of the token. */
  fromPage: 'p',
  /** The number that the token got, where gaps are allowed; else it is in the book. */
  number: 'n',
  /** The shift of that number. */
  shift: 'q',
  expiresAt,
} as const;

export const memberAttributes = {
  /** The choice of a member of a reaction. */
  choice: 'c',
  /** The bucket of a viewer's last heartbeat. */
  bucket: 'b',
  /** The region that accepted it. */
  region: 'r',
  /** Rises with every write; epoch ms, or more. A member that left has neither choice nor bucket. */
  stamp: 't',
  expiresAt,
} as const;

export const bookAttributes = {
  /** The last number of this shift; one below the first if there is none yet. */
  number: 'n',
  /** The shift of that number, from 1. */
  shift: 'q',
  /** The page that is being written, from 0. */
  page: 'p',
  /** Epoch ms at which that page was begun. */
  pageBegunAtMs: 'g',
  /** How many entries that page has. */
  entryCount: 'c',
  /** Epoch ms of the last change. */
  updatedAtMs: 't',
  expiresAt,
} as const;

export const bookPageAttributes = { expiresAt } as const;

export const sketchBlockAttributes = { expiresAt } as const;

export const subscriptionAttributes = {
  /** How much had come in all when the user last looked. */
  seen: 'n',
} as const;

export const settingsAttributes = {
  /** The IANA time zone. */
  timeZone: 'z',
  /** The local time at which the business day begins, `04:00`. */
  dayStart: 'o',
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
  /** The last day on which it was used, `2026-11-21`; absent if it never was. */
  lastUsedDay: 'u',
} as const;

export const secretAttributes = {
  /** 32 random bytes. */
  secret: 'b',
} as const;

export const itemAttributes = {
  cell: cellAttributes,
  token: tokenAttributes,
  claim: claimAttributes,
  member: memberAttributes,
  book: bookAttributes,
  bookPage: bookPageAttributes,
  sketchBlock: sketchBlockAttributes,
  subscription: subscriptionAttributes,
  settings: settingsAttributes,
  apiKey: apiKeyAttributes,
  secret: secretAttributes,
} as const satisfies Record<ItemKind, Readonly<Record<string, string>>>;

/**
 * Attributes that an item has any number of: how their names begin. The entries of a book are the
 * exception: they are named by the hash of their token alone.
 */
export const attributePrefixes = {
  cell: {
    /** What one choice of a reaction, or one bucket of viewers, counts: `.love`. */
    part: '.',
    /** The last record that the fold has added to this cell, per stream shard. */
    watermark: 'w',
  },
  sketchBlock: {
    /** A register: `r0` to `r3j`, its index within the block in base 36. */
    register: 'r',
  },
} as const satisfies Partial<Record<ItemKind, Readonly<Record<string, string>>>>;
