import type { Machine } from '../../../bin/setup/machine.mjs';

export interface OtherMachine {
  readonly platform?: NodeJS.Platform;
  readonly arch?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What programs say, by their path. */
  readonly programs?: Readonly<Record<string, string>>;
  /** What is in folders, by their path. */
  readonly folders?: Readonly<Record<string, readonly string[]>>;
}

/** A machine that is only described: Linux on x64 with nothing on it, unless told otherwise. */
export function otherMachine(description: OtherMachine = {}): Machine {
  const { platform = 'linux', arch = 'x64', env = {}, programs = {}, folders = {} } = description;
  return {
    platform,
    arch,
    env,
    home: platform === 'win32' ? 'C:\\Users\\ana' : '/home/ana',
    run: (command) => programs[command],
    exists: (path) => path in programs || path in folders,
    list: (folder) => [...(folders[folder] ?? [])],
  };
}
