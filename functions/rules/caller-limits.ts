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

/**
 * What a read counts for: more, the more items of the table it reads, such as windows of a history, counters of
 * a subject or blocks of a unique counter. A request costs as much as twenty of them. A change counts for 1,
 * and each item of a batch for what it would alone, so that a limit cannot be got around by batches.
 */
export const readWeight = (items: number): number =>
  Math.max(1, Math.ceil(items / limits.itemsOfRequest));

/** Items of the table that hold one window of a counter. A count may have grown to more, which is not its caller's doing. */
export const itemsOfWindow = (kind: string): number => (kind === 'unique' ? blockCount : 1);
