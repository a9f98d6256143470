/**
 * Runs one of our `.ts` files on a machine that may be fresh from `git clone`:
 *
 *     node bin/launch.mjs bin/local.ts [arguments]
 *
 * It looks for what the script needs, says what is missing, brings that onto the machine (npm's
 * packages, Java), and runs the script on the Node 24 that is one of the packages. Plain JavaScript
 * without dependencies, because it runs before any of that is there.
 *
 * Nothing may outlive it. It passes signals on, the script follows this process over an IPC channel
 * (`local/follow-parent.ts`), and this process follows the npm that started it: a process that is
 * killed with SIGKILL cannot pass that on.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findJava, javaAdvice } from './setup/find-java.mjs';
import { followNpm } from './setup/follow-npm.mjs';
import { thisMachine } from './setup/machine.mjs';
import { missingChromium, missingJava, missingPackages, missingReport } from './setup/missing.mjs';
import { needsOf } from './setup/needs.mjs';
import { packagesMatchLockfile } from './setup/packages.mjs';

/** @import { ChildProcess, SpawnOptions } from 'node:child_process' */

const nodeNeeded = 20;
const nodeOfScripts = 24;
const graceMs = 10_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Development packages included, whatever NODE_ENV says: Node 24 is one of them. */
const cleanInstall = ['ci', '--include=dev', '--loglevel=notice'];
const isWindows = process.platform === 'win32';
const machine = thisMachine();

/**
 * The child process that signals are passed on to.
 * @type {ChildProcess | undefined}
 */
let running;
/** @type {NodeJS.Signals | undefined} */
let receivedSignal;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => end(signal));
}

await launch(process.argv.slice(2));

/** @param {string[]} commandLine */
async function launch([script, ...args]) {
  if (!script) fail('Usage: node bin/launch.mjs <script> [arguments]');
  if (majorOf(process.versions.node) < nodeNeeded) {
    fail(`Tally needs Node.js ${nodeNeeded} or newer; this is ${process.version}.`);
  }
  followNpm(basename(import.meta.url), () => {
    end('SIGTERM');
    setTimeout(() => running?.kill('SIGKILL'), graceMs);
  });
  const needs = needsOf(script, args, process.env);
  const packages = packagesMatchLockfile(root) ? undefined : missingPackages();
  const java = missingJava(machine, needs);
  const chromium = missingChromium(machine, needs, shippedChromiumVersion());
  const missing = [packages, java, chromium].filter((it) => it !== undefined);
  if (missing.length > 0) console.error(`${missingReport(missing)}\n`);
  const upToUser = missing.filter(({ isUpToUser }) => isUpToUser).map(({ what }) => what);
  if (upToUser.length > 0)
    fail(`Nothing was changed yet: ${upToUser.join(', ')} must be there first.`);

  if (packages) await installPackages();
  if (java) await fetchJava();
  if (needs.java) setJavaHome();
  endLike(await runScript(script, args, 'inherit'));
}

/** The version in package.json is exact. */
function shippedChromiumVersion() {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return devDependencies['@sparticuz/chromium'];
}

/** With the npm that started us; yarn and pnpm put themselves into the same variable. */
async function installPackages() {
  const npm = process.env.npm_execpath ?? '';
  const isNpm = basename(npm).startsWith('npm-');
  const [command, ...args] = isNpm
    ? [process.env.npm_node_execpath ?? process.execPath, npm, ...cleanInstall]
    : ['npm', ...cleanInstall];
  /** @type {Buffer[]} */
  const output = [];
  console.error('Installing packages …');
  const ended = await run(
    command,
    args,
    { shell: isWindows && !isNpm, stdio: ['ignore', 'pipe', 'pipe'] },
    (chunk) => output.push(chunk),
  );
  await endIfAsked();
  if (ended.code === 0) return console.error('Packages are installed.');
  console.error(Buffer.concat(output).toString());
  fail('`npm ci` failed; what it said is above. Run it yourself once the cause is gone.');
}

/** Where the network refuses it, people are told how to get one. */
async function fetchJava() {
  console.error('Fetching Java …');
  const ended = await runScript('bin/setup/fetch-java-process.ts', [], 'ignore');
  await endIfAsked();
  if (ended.code !== 0) fail(`Install Java, then start again:\n\n${javaAdvice}`);
}

/** The engine takes Java from JAVA_HOME, else from the PATH. */
function setJavaHome() {
  const { home } = findJava(machine);
  if (home === undefined) delete process.env.JAVA_HOME;
  else process.env.JAVA_HOME = home;
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

/**
 * @param {string} script
 * @param {string[]} args
 * @param {'inherit' | 'ignore'} stdin
 */
function runScript(script, args, stdin) {
  return run(nodeForScripts(), [script, ...args], { stdio: [stdin, 'inherit', 'inherit', 'ipc'] });
}

/**
 * Runs a program in the repository until it ends. Meanwhile it is the one that gets our signals.
 * @param {string} command
 * @param {string[]} args
 * @param {SpawnOptions} options
 * @param {(chunk: Buffer) => void} [onOutput]
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
function run(command, args, options, onOutput = () => {}) {
  return new Promise((resolve) => {
    running = spawn(command, args, { cwd: root, ...options });
    running.stdout?.on('data', onOutput);
    running.stderr?.on('data', onOutput);
    running.on('error', (error) => fail(`${command} does not run: ${error.message}`));
    running.on('close', (code, signal) => resolve({ code, signal }));
  });
}

/**
 * Passes a signal on, and ends once the child process has.
 * @param {NodeJS.Signals} signal
 */
function end(signal) {
  receivedSignal = signal;
  if (running) running.kill(signal);
  else endLike({ code: null, signal });
}

/** Ends after a step of the set-up that a signal cut short; no other step begins. */
async function endIfAsked() {
  if (!receivedSignal) return;
  endLike({ code: null, signal: receivedSignal });
  await new Promise(() => {});
}

/**
 * Ends with the code, or by the signal, that the script ended with.
 * @param {{ code: number | null, signal: NodeJS.Signals | null }} ended
 */
function endLike({ code, signal }) {
  if (!signal) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** @param {string} version */
function majorOf(version) {
  return Number.parseInt(version, 10);
}
