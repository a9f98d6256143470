import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The command lines of running processes that contain a text. A dead process has no command line. */
export function runningProcesses(mentioning: string): string[] {
  const all = process.platform === 'linux' ? fromProc() : fromPs();
  return all.filter((command) => command.includes(mentioning));
}

function fromProc(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
}

const fromPs = (): string[] =>
  execFileSync('ps', ['-Aww', '-o', 'command='], { encoding: 'utf8' }).split('\n');
