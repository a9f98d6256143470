/**
 * The register: one item that holds a number and remembers in itself which tokens it has counted, so
 * that one conditional update does both.
 *
 * It remembers each as an entry, named by the token and the time of its claim. Entries that were
 * claimed before a cut-off leave it in pages. The register takes no entry that was claimed before its
 * cut-off, so what is on neither the register nor the first page after the claim was not counted, and
 * with that claim never will be: the token may be claimed anew.
 */
import { limits } from './limits.ts';

export interface Entry {
  /** Epoch ms, by whichever clock. */
  readonly claimedAtMs: number;
  /** What the token got: its ticket, or the amount that fitted. 0 where nobody asks for it. */
  readonly got: number;
}

/** By their names. */
export type Entries = ReadonlyMap<string, Entry>;

export interface Register {
  /** Undefined if nothing was counted yet. */
  readonly number: bigint | undefined;
  /** Entries claimed before it are taken no more; 0 at first. Epoch ms. */
  readonly cutOffMs: number;
  readonly entries: Entries;
}

/** More than a token can get; a number of DynamoDB has 38 digits, of which a time in ms takes 13. */
const gotScale = 1_000_000_000_000_000n;

/** The `got` of an entry that bars its claim: with this one nothing was counted, and nothing will be. */
const barred = Number(gotScale) - 1;

export const barringEntry = (claimedAtMs: number): Entry => ({ claimedAtMs, got: barred });

/** As one number, so that an update can make it from the number of the register. */
export const packEntry = ({ claimedAtMs, got }: Entry): bigint =>
  BigInt(claimedAtMs) * gotScale + BigInt(got);

export const unpackEntry = (packed: number | bigint): Entry => ({
  claimedAtMs: Number(BigInt(packed) / gotScale),
  got: Number(BigInt(packed) % gotScale),
});

/** What a register or a page says of a token's claim. */
export type Standing =
  | { readonly is: 'counted'; readonly entry: Entry }
  /** It was not counted and never will be: it has to be claimed anew. */
  | { readonly is: 'barred' }
  /** The register does not remember that far back; its first page after the claim does. */
  | { readonly is: 'late' }
  | { readonly is: 'open' };

/** What a register says of the claim that was made at that time and has an entry of that name. */
export function standingIn(
  { entries, cutOffMs }: Pick<Register, 'entries' | 'cutOffMs'>,
  { entryName, claimedAtMs }: { entryName: string; claimedAtMs: number },
): Standing {
  const entry = entries.get(entryName);
  if (entry) return entry.got === barred ? { is: 'barred' } : { is: 'counted', entry };
  return { is: cutOffMs > claimedAtMs ? 'late' : 'open' };
}

/** What a claim that is late is by the first page after it. */
export function standingOnPage(page: Entries | undefined, entryName: string): Standing {
  const entry = page?.get(entryName);
  return entry ? { is: 'counted', entry } : { is: 'barred' };
}

/** How a register hands memory over: first the page is put, and then this is done. */
export interface Turn {
  /** The cut-off until now, which names the page. */
  readonly cutOffMs: number;
  readonly nextCutOffMs: number;
  /** What was claimed before the cut-off: it is complete, because the register takes no more of it. */
  readonly page: Entries;
  /** Names of entries that leave the register. */
  readonly leaving: readonly string[];
}

/** At how many entries a register is turned, how many later again, and how many leave at most. */
export interface TurnSizes {
  readonly first: number;
  readonly step: number;
  readonly leavingMax: number;
}

/**
 * Whether the writer of the last entry should turn the register. Only some numbers of entries make a
 * turn due, so that it is not all who write at the same time, and so that the next one turns if that
 * one could not.
 */
export function isTurnDue(
  { entries }: Pick<Register, 'entries'>,
  { first, step }: Pick<TurnSizes, 'first' | 'step'>,
): boolean {
  const beyond = entries.size - first;
  return beyond >= 0 && beyond % step === 0;
}

/**
 * The next turn of a register. The new cut-off is the median of the claims that stay: no clock, so that
 * one that is wrong does no harm, and late enough for claims that are being entered at the moment. A
 * register that has grown beyond that moves on by as much as can leave in one update, because what
 * cannot would be put on the next page again.
 */
export function planTurn(
  { entries, cutOffMs }: Pick<Register, 'entries' | 'cutOffMs'>,
  { leavingMax }: Pick<TurnSizes, 'leavingMax'>,
): Turn {
  const isLeaving = ([, { claimedAtMs }]: readonly [string, Entry]) => claimedAtMs < cutOffMs;
  const leaving = [...entries].filter(isLeaving);
  const staying = [...entries].filter((entry) => !isLeaving(entry));
  const claims = staying.map(([, { claimedAtMs }]) => claimedAtMs).toSorted((a, b) => a - b);
  const next = claims[Math.min(claims.length >> 1, leavingMax)] ?? 0;
  return {
    cutOffMs,
    // Strictly later: a page of the same name would lack what the first one had.
    nextCutOffMs: Math.max(cutOffMs + 1, next),
    page: new Map(leaving.filter(([, { got }]) => got !== barred)),
    leaving: leaving.map(([name]) => name).slice(0, leavingMax),
  };
}

/**
 * How many claims a second a register takes, by those it remembers from the last moment; 0 if they
 * are too few to tell.
 */
export function claimsPerSecond({ entries }: Pick<Register, 'entries'>, nowMs: number): number {
  const { momentMs, entries: enough } = limits.hotRegister;
  // Claims of a clock that is ahead would look recent for as long as it is.
  const isRecent = ({ claimedAtMs }: Entry) => Math.abs(nowMs - claimedAtMs) < momentMs;
  const recent = [...entries.values()].filter(isRecent);
  return recent.length < enough ? 0 : (recent.length * 1000) / momentMs;
}
