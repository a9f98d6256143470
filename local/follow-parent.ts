/**
 * The other end of `bin/launch.mjs`: a process that it started must not outlive it, even when it was
 * killed with a signal that nobody can catch. The kernel then closes the IPC channel between the two.
 */
const graceMs = 10_000;

/**
 * Calls `stop` when the launcher is gone; after ten more seconds the process ends in any case. Does
 * nothing in a process that was started by hand. It does not keep the process alive.
 */
export function followParent(stop: () => void): void {
  const follow = (): void => {
    setTimeout(() => process.exit(1), graceMs).unref();
    stop();
  };
  // Without a channel it is undefined, which the types leave out; false is a parent already gone.
  const connected: boolean | undefined = process.connected;
  if (connected === undefined) return;
  if (connected) {
    process.once('disconnect', follow);
    process.channel?.unref();
  } else follow();
}
