/**
 * The other end of `bin/launch.mjs`: a process that it started must not outlive it, even if the launcher
 * was killed with SIGKILL. The kernel then closes the IPC channel between the two.
 */
const graceMs = 10_000;

/**
 * Calls `stop` when the launcher has ended; ten seconds later this process ends in any case. Does nothing
 * in a process that was started by hand, and does not keep the process alive.
 */
export function followParent(stop: () => void): void {
  const follow = (): void => {
    setTimeout(() => process.exit(1), graceMs).unref();
    stop();
  };
  // Undefined without a channel, which the types leave out; false if the parent has already ended.
  const connected: boolean | undefined = process.connected;
  if (connected === undefined) return;
  if (connected) {
    process.once('disconnect', follow);
    process.channel?.unref();
  } else follow();
}
