/** Tally's own limits on those who call it, and what a request counts for. */
import type { Rate } from './allowance.ts';
import { blockCount } from './hyperloglog.ts';
import { limits } from './limits.ts';

export interface CallerLimit {
  /** As the table and the `RateLimit` headers say it. */
  readonly name: string;
  readonly rate: Rate;
  /** For people: who may do what. */
  readonly rule: string;
  /**
   * Every request is counted at once, by a write. Otherwise one in `samplingOf` is, for as many, and
   * the others only read.
   */
  readonly isExact: boolean;
}

const { addressReads, addressWrites, newVisitors, visitorWrites } = limits.callers;

export const callerLimits = {
  addressReads: {
    name: 'address-reads',
    rate: addressReads,
    rule: `A network address may make ${addressReads.max} reads a minute without an API key`,
    isExact: false,
  },
  addressWrites: {
    name: 'address-writes',
    rate: addressWrites,
    rule: `A network address may make ${addressWrites.max} changes a minute without an API key`,
    isExact: false,
  },
  visitorWrites: {
    name: 'visitor-writes',
    rate: visitorWrites,
    rule: `A visitor may make ${visitorWrites.max} changes a minute`,
    isExact: false,
  },
  newVisitors: {
    name: 'new-visitors',
    rate: newVisitors,
    rule: `A network address may have ${newVisitors.max} new visitors an hour`,
    isExact: false,
  },
} as const satisfies Readonly<Record<string, CallerLimit>>;

/** The limit that an API key was made with. A batch counts its items, so a minute's calls can come at once. */
export const callsOfKey = (callsPerMinute: number): CallerLimit => ({
  name: 'key-calls',
  rate: { max: callsPerMinute, perSeconds: 60, burst: callsPerMinute },
  rule: `This API key may make ${callsPerMinute} requests a minute`,
  isExact: true,
});

/**
 * One request in how many is counted in the table, for as many, where a limit is not exact. The first
 * one is chosen by chance, so it is right on average however few requests each function gets. A sample
 * counts for a tenth of the burst at most, and less from half of it on, where every request is counted.
 */
export const samplingOf = ({ rate, isExact }: CallerLimit): number =>
  isExact ? 1 : Math.max(1, Math.min(limits.sampleOf, Math.floor(rate.burst / 10)));

/** What a request counts for: in proportion to what it costs, and as a whole number. */
export const weights = {
  /** A batch: each item is a request of its own, so that a limit cannot be got around by batches. */
  batch: (items: number): number => items,
  /** Rows of a history, or counters of a subject: a request costs as much as twenty items that are read with it. */
  rows: (rows: number): number => Math.max(1, Math.ceil(rows / limits.itemsOfRequest)),
  /** A union of unique visitors: 32 items for each window. */
  union: (windows: number): number =>
    Math.max(1, Math.ceil((windows * blockCount) / limits.itemsOfRequest)),
} as const;
