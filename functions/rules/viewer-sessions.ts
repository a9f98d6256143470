/**
 * The sessions of a viewer: its tabs and devices. Each says when it was here last; the viewer is here
 * while one of them is. One that leaves stays in the list for a while as having left, so that a heartbeat
 * which overlaps with that, and began earlier, does not bring it back. Names are hashed, so the list of a
 * full item stays within a write unit.
 */
import { hashOf } from './hash.ts';
import { limits } from './limits.ts';
import { bucketKeyAt, isBucketPresent, type Pulse } from './presence.ts';

/** By session: epoch ms of its last heartbeat; negative when it has left then. */
export type ViewerSessions = ReadonlyMap<string, number>;

/** What one session says. */
export interface SessionWord {
  readonly session: string;
  readonly isHere: boolean;
  /** Epoch ms. */
  readonly atMs: number;
}

/** What heartbeats without a session belong to: no hash is like it. */
export const namelessSession = '-';

export const sessionOf = (name: string | undefined): string =>
  name === undefined ? namelessSession : hashOf(name).toString(36);

/**
 * The list after a session has spoken. Those that are away leave it, and of too many the ones that were
 * here last stay: a page that is loaded again and again leaves sessions behind, and must not be refused.
 */
export function withWord(
  sessions: ViewerSessions,
  { session, isHere, atMs }: SessionWord,
  pulse: Pulse,
): ViewerSessions {
  const spoken = new Map([...sessions, [session, isHere ? atMs : -atMs] as const]);
  const kept = [...spoken].filter(([, it]) =>
    it > 0
      ? isBucketPresent(bucketKeyAt(Math.min(it, atMs), pulse), atMs, pulse)
      : -it > atMs - limits.keepLeftSessionSeconds * 1000,
  );
  const hereFirst = kept.toSorted(
    ([, a], [, b]) => Number(b > 0) - Number(a > 0) || Math.abs(b) - Math.abs(a),
  );
  return new Map(hereFirst.slice(0, limits.sessionsOfViewer));
}

/** The list after all sessions have left at once. */
export const withoutAll = (sessions: ViewerSessions, atMs: number): ViewerSessions =>
  new Map([...sessions.keys()].map((session) => [session, -atMs]));

/** The bucket in which a viewer with these sessions counts; undefined if none is here. */
export function bucketOfSessions(
  sessions: ViewerSessions,
  atMs: number,
  pulse: Pulse,
): string | undefined {
  const here = [...sessions.values()].filter((it) => it > 0);
  if (here.length === 0) return undefined;
  // A clock that is ahead has put a session into a bucket that nobody adds up yet.
  const bucket = bucketKeyAt(Math.min(Math.max(...here), atMs), pulse);
  return isBucketPresent(bucket, atMs, pulse) ? bucket : undefined;
}

/**
 * Whether a request of a session comes too late: another one of the same session was faster, and began
 * later. Clocks decide nothing else, see counters/member-writes.ts.
 *
 * @param options.first the list when the request began
 * @param options.now the list that stopped it
 */
export function isWordOver(
  { session, atMs }: SessionWord,
  { first, now }: { readonly first: ViewerSessions; readonly now: ViewerSessions },
): boolean {
  const said = now.get(session);
  return said !== undefined && said !== first.get(session) && Math.abs(said) > atMs;
}
