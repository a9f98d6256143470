/**
 * What a script needs beyond npm's packages.
 * @typedef {object} Needs
 * @property {boolean} java
 * @property {boolean} chromium
 */

const engineScripts = ['bin/local.ts', 'bin/dev.ts'];
/** These run on the table in memory. */
const scriptsWithoutEngine = ['bench/lab.ts'];

/**
 * @param {string} script
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {Needs}
 */
export function needsOf(script, args, env) {
  if (script === 'test/harness/run.ts') return needsOfTests(args);
  const bringsOwnEngine = engineScripts.includes(script) && env.AWS_ENDPOINT_URL_DYNAMODB;
  const needsNoEngine = bringsOwnEngine || scriptsWithoutEngine.includes(script);
  return { java: !needsNoEngine, chromium: false };
}

/**
 * Tests under test/unit need nothing, and only files called `*-in-browser.test.ts` drive a browser.
 * An argument counts as the name of a test when it looks like a path: in doubt everything may run.
 * @param {readonly string[]} args
 * @returns {Needs}
 */
function needsOfTests(args) {
  const paths = args
    .filter((arg, index) => isTestPath(arg) && !takesText(args[index - 1]))
    .map((arg) => arg.replaceAll('\\', '/'));
  const isUnitLane = args.some(
    (arg, index) => arg === '--project=unit' || (arg === 'unit' && args[index - 1] === '--project'),
  );
  if (isUnitLane || (paths.length > 0 && paths.every((path) => path.includes('test/unit/')))) {
    return { java: false, chromium: false };
  }
  return { java: true, chromium: paths.length === 0 || paths.some(mayDriveBrowser) };
}

/** @param {string} arg */
const isTestPath = (arg) => !arg.startsWith('-') && /test[/\\]|\.test\.ts/.test(arg);

/** @param {string | undefined} option */
const takesText = (option) => option === '-t' || option === '--testNamePattern';

/** A folder may hold such a file. @param {string} path */
const mayDriveBrowser = (path) => !path.includes('.test.ts') || path.includes('-in-browser.');
