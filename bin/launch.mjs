/**
 * Runs one of our `.ts` files on a machine that may be fresh from `git clone`:
 *
 *     node bin/launch.mjs bin/local.ts [arguments]
 *
 * It checks what cannot be installed by npm (Node, Java), installs the packages when they are missing
 * or out of step with the lockfile, and runs the script on the Node 24 that is one of them. Plain
 * JavaScript without dependencies, because it runs before any of that is there.
 *
 * Nothing may outlive it. Signals are passed on, the script follows this process over an IPC channel
 * (`local/follow-parent.ts`), and this process follows the npm that started it, since a SIGKILL
 * cannot be passed on by the one who gets it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodeNeeded = 20;
const nodeOfScripts = 24;
const javaNeeded = 17;
const followEveryMs = 1000;
const graceMs = 10_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Development packages included, whatever NODE_ENV says: Node 24 is one of them. */
const cleanInstall = ['ci', '--include=dev', '--loglevel=notice'];
const isWindows = process.platform === 'win32';

/** The child process that signals are passed on to. */
let running;
let askedToEnd;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(signal));

await launch(process.argv.slice(2));

async function launch([script, ...args]) {
  if (!script) fail('Usage: node bin/launch.mjs <script> [arguments]');
  if (majorOf(process.versions.node) < nodeNeeded) {
    fail(`Tally needs Node.js ${nodeNeeded} or newer; this is ${process.version}.`);
  }
  const bringsOwnEngine = script === 'bin/local.ts' && process.env.AWS_ENDPOINT_URL_DYNAMODB;
  if (!bringsOwnEngine) requireJava();
  followNpm();
  if (!packagesMatchLockfile()) await installPackages();
  const ended = await run(nodeForScripts(), [script, ...args], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  endLike(ended);
}

/** The engine takes Java from JAVA_HOME, else from the PATH; a JAVA_HOME that does not work is dropped. */
function requireJava() {
  const home = process.env.JAVA_HOME;
  if (home && javaVersion(join(home, 'bin', 'java')) >= javaNeeded) return;
  delete process.env.JAVA_HOME;
  const found = javaVersion('java');
  if (found >= javaNeeded) return;
  fail(`DynamoDB Local needs Java ${javaNeeded} or newer; ${found ? `this is Java ${found}` : 'there is none'}.

  Debian, Ubuntu   sudo apt-get install openjdk-17-jre-headless
  Fedora           sudo dnf install java-21-openjdk-headless
  macOS            brew install --cask temurin
  Windows          winget install EclipseAdoptium.Temurin.21.JRE

Java is looked for in JAVA_HOME and on the PATH. \`npm start\` does without it when
AWS_ENDPOINT_URL_DYNAMODB names a DynamoDB that is already running.`);
}

/** The major version, 0 if it does not run; Java 8 and older call themselves 1.x. */
function javaVersion(command) {
  const { stderr } = spawnSync(command, ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
}

/**
 * npm writes what it installed to a second lockfile as its last step, so an interrupted installation
 * has none. Optional packages are for other platforms when they are missing, and some of those have no
 * integrity in our lockfile.
 */
function packagesMatchLockfile() {
  const installedLockfile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedLockfile)) return false;
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(installedLockfile);
  const isAsWanted = ([path, { version, integrity, optional }]) => {
    const found = installed[path];
    if (!found) return optional;
    return found.version === version && (!integrity || found.integrity === integrity);
  };
  return (
    Object.entries(wanted).every(isAsWanted) &&
    Object.keys(installed).every((path) => path in wanted)
  );
}

function packagesIn(lockfile) {
  const { '': _root, ...packages } = JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  return packages;
}

/** With the npm that started us; yarn and pnpm put themselves into the same variable. */
async function installPackages() {
  console.error('Installing packages (npm ci), which takes about a minute the first time …');
  const npm = process.env.npm_execpath ?? '';
  const isNpm = basename(npm).startsWith('npm-');
  const [command, ...args] = isNpm
    ? [process.env.npm_node_execpath ?? process.execPath, npm, ...cleanInstall]
    : ['npm', ...cleanInstall];
  const output = [];
  const ended = await run(command, args, {
    cwd: root,
    shell: isWindows && !isNpm,
    stdio: ['ignore', 'pipe', 'pipe'],
    onOutput: (chunk) => output.push(chunk),
  });
  if (askedToEnd) endLike({ signal: askedToEnd });
  else if (ended.code === 0) console.error('Packages are installed.');
  else {
    console.error(Buffer.concat(output).toString());
    fail('`npm ci` failed; what it said is above. Run it yourself once the cause is gone.');
  }
}

/** The installed Node, or this one if npm was told not to run the script that puts it there. */
function nodeForScripts() {
  const installed = join(root, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node');
  if (existsSync(installed)) return installed;
  if (majorOf(process.versions.node) >= nodeOfScripts) return process.execPath;
  return fail(`Node.js ${nodeOfScripts} is missing: the install script of the package "node" did not run.
Allow install scripts (\`npm config get ignore-scripts\` should say false) and run \`npm ci\`,
or use Node.js ${nodeOfScripts} yourself; this is ${process.version}.`);
}

/** Runs a program until it ends; `running` is what signals are passed on to meanwhile. */
function run(command, args, { onOutput, ...options }) {
  return new Promise((resolve) => {
    running = spawn(command, args, options);
    running.stdout?.on('data', onOutput);
    running.stderr?.on('data', onOutput);
    running.on('error', (error) => fail(`${command} does not run: ${error.message}`));
    running.on('close', (code, signal) => resolve({ code, signal }));
  });
}

/**
 * Stops when npm is gone. npm starts us through a shell that may stay between the two (dash does), so
 * on Linux the parent's parent is watched as well; elsewhere the shell makes way for us.
 */
function followNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const shell = isScriptShell(parent) ? parent : undefined;
  const npm = shell && parentOf(shell);
  const timer = setInterval(() => {
    if (process.ppid === parent && (!shell || parentOf(shell) === npm)) return;
    clearInterval(timer);
    end('SIGTERM');
    setTimeout(() => running?.kill('SIGKILL'), graceMs);
  }, followEveryMs);
  timer.unref();
}

function isScriptShell(pid) {
  return readProc(pid, 'cmdline').includes(basename(import.meta.url));
}

function parentOf(pid) {
  // The second field is the name in parentheses and may itself hold any character.
  return readProc(pid, 'stat')
    .replace(/^.*\) \S /s, '')
    .split(' ')[0];
}

function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Passes a signal on, and ends once the child process has. */
function end(signal) {
  askedToEnd = signal;
  if (running) running.kill(signal);
  else endLike({ signal });
}

/** Ends with the code, or by the signal, that the script ended with. */
function endLike({ code, signal }) {
  if (!signal) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function majorOf(version) {
  return Number.parseInt(version, 10);
}
