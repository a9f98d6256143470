import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * One engine per data folder. The folder's pid file names the engine's guard and the Tally process that
 * started it. A pid alone proves nothing, since another program may have it by now: a record counts only
 * while a process with that pid runs our guard on this very folder. The guard's parent then tells two
 * cases apart. If it is the recorded Tally, the folder is in use. If not, that Tally has died, and its
 * engine is about to end.
 */

const PID_FILE = 'engine.pid';
/** A Tally that was just killed can take a while to disappear, and looks alive until then. */
const DYING_TALLY_GRACE_MS = 5_000;
/** The guard gives its engine a second to drain and five more before it kills it. */
const DYING_ENGINE_DEADLINE_MS = 60_000;
const POLL_MS = 50;

class DataFolderInUseError extends Error {
  override name = 'DataFolderInUseError';

  constructor(dataFolder: string, tallyPid: number) {
    super(
      `The data folder ${dataFolder} is in use by another Tally (process ${tallyPid}). ` +
        'Stop that one, or set TALLY_DATA to another folder.',
    );
  }
}

interface Owner {
  readonly guardPid: number;
  readonly tallyPid: number;
}

/** Waits for the engine of a Tally that has just died. @throws if a running Tally owns the folder */
export async function waitUntilFree(dataFolder: string): Promise<void> {
  const startedAt = Date.now();
  for (;;) {
    const owner = readOwner(dataFolder);
    if (owner === undefined) return;
    const guard = inspectProcess(owner.guardPid);
    if (guard === undefined || !isGuardOf(guard.command, dataFolder)) return;
    const isTallyAlive = guard.parentPid === owner.tallyPid;
    const patienceMs = isTallyAlive ? DYING_TALLY_GRACE_MS : DYING_ENGINE_DEADLINE_MS;
    if (Date.now() - startedAt > patienceMs) {
      throw new DataFolderInUseError(dataFolder, owner.tallyPid);
    }
    await delay(POLL_MS);
  }
}

/**
 * Two Tallys that start at the same time can both find the folder free; the later record stands. So a
 * caller records its engine right after starting it, and calls `checkOwner` once the engine is ready.
 */
export function recordOwner(dataFolder: string, guardPid: number): void {
  writeFileSync(join(dataFolder, PID_FILE), `${guardPid} ${process.pid}\n`);
}

export function checkOwner(dataFolder: string, guardPid: number): void {
  const owner = readOwner(dataFolder);
  if (owner !== undefined && owner.guardPid !== guardPid)
    throw new DataFolderInUseError(dataFolder, owner.tallyPid);
}

export function forgetOwner(dataFolder: string, guardPid: number): void {
  if (readOwner(dataFolder)?.guardPid === guardPid)
    rmSync(join(dataFolder, PID_FILE), { force: true });
}

function readOwner(dataFolder: string): Owner | undefined {
  const text = readIfThere(join(dataFolder, PID_FILE));
  const [, guardPid, tallyPid] = /^(\d+) (\d+)\n$/.exec(text ?? '') ?? [];
  return guardPid === undefined
    ? undefined
    : { guardPid: Number(guardPid), tallyPid: Number(tallyPid) };
}

function isGuardOf(command: string, dataFolder: string): boolean {
  return command.includes('engine-guard.sh') && command.trimEnd().endsWith(`-dbPath ${dataFolder}`);
}

/** The parent and the command line of a running process; undefined for one that has ended. */
function inspectProcess(pid: number): { parentPid: number; command: string } | undefined {
  // Linux is asked through /proc, because slim container images have no `ps`.
  if (process.platform === 'linux') {
    const parentPid = /^PPid:\s*(\d+)$/m.exec(readIfThere(`/proc/${pid}/status`) ?? '')?.[1];
    const command = readIfThere(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ');
    return parentPid === undefined || command === undefined
      ? undefined
      : { parentPid: Number(parentPid), command };
  }
  try {
    const line = execFileSync('ps', ['-ww', '-o', 'ppid=,command=', '-p', String(pid)], {
      encoding: 'utf8',
    });
    const [, parentPid, command = ''] = /^\s*(\d+)\s+(.*)$/m.exec(line) ?? [];
    return parentPid === undefined ? undefined : { parentPid: Number(parentPid), command };
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // A process that ends while it is being read answers ESRCH.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
