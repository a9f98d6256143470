import { readFileSync } from 'node:fs';

const followEveryMs = 1_000;

/**
 * Calls `stop` once the npm that started us is gone. npm starts us through a shell that may stay
 * between the two (dash does), so on Linux the parent's parent is watched as well; elsewhere the
 * shell makes way for us.
 * @param {string} ownName what the shell's command line holds if it runs our npm script
 * @param {() => void} stop
 */
export function followNpm(ownName, stop) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = String(process.ppid);
  const shell = readProc(parent, 'cmdline').includes(ownName) ? parent : undefined;
  const npm = shell && parentOf(shell);
  const timer = setInterval(() => {
    if (String(process.ppid) === parent && (!shell || parentOf(shell) === npm)) return;
    clearInterval(timer);
    stop();
  }, followEveryMs);
  timer.unref();
}

/** @param {string} pid */
function parentOf(pid) {
  // The second field is the name in parentheses and may itself hold any character.
  return readProc(pid, 'stat')
    .replace(/^.*\) \S /s, '')
    .split(' ')[0];
}

/**
 * @param {string} pid
 * @param {string} file
 */
function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
