import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';

/** An editor saves a file in several steps, and a checkout changes many files. */
const quietMs = 200;

export interface SourceWatch {
  close(): void;
}

/**
 * Watches files and folders, and all that is in these.
 * @param changed called with the last file that changed, once nothing has changed for a moment
 */
export function watchSources(
  root: string,
  paths: readonly string[],
  changed: (file: string) => void,
): SourceWatch {
  let timer: NodeJS.Timeout | undefined;
  const watchers = paths.map(
    (path): FSWatcher =>
      watch(join(root, path), { recursive: true }, (_event, name) => {
        clearTimeout(timer);
        const file = name === null || name === path ? path : join(path, name);
        timer = setTimeout(() => changed(file), quietMs);
      }),
  );
  return {
    close() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
