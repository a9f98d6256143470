import { cacheFolder, pathsOf } from './machine.mjs';

/** @import { Machine } from './machine.mjs' */

/** What DynamoDB Local 3 needs. */
export const javaNeeded = 17;
/** The release with long-term support that is fetched where there is no Java. */
export const javaFetched = 21;
/** The size of its archive. */
export const javaMegabytes = 50;

/**
 * @typedef {object} JavaSearch
 * @property {boolean} found
 * @property {string | undefined} home its JAVA_HOME; undefined for the one on the PATH
 * @property {string[]} lookedAt each place, with what is there
 */

/**
 * Looks for a Java that is new enough: in JAVA_HOME, on the PATH, then for one fetched earlier. A
 * JAVA_HOME that does not work is passed over.
 * @param {Machine} machine
 * @returns {JavaSearch}
 */
export function findJava(machine) {
  const { join } = pathsOf(machine);
  const given = machine.env.JAVA_HOME;
  const fetched = fetchedJavaHome(machine);
  const places = [
    { name: given ? `JAVA_HOME (${given})` : 'JAVA_HOME', home: given, skip: !given },
    { name: 'the PATH', home: undefined, skip: false },
    { name: fetchedJavaFolder(machine), home: fetched, skip: !fetched },
  ];
  /** @type {string[]} */
  const lookedAt = [];
  for (const { name, home, skip } of places) {
    const version = skip
      ? undefined
      : javaVersion(machine, home ? join(home, 'bin', 'java') : 'java');
    lookedAt.push(`${name}: ${skip ? notThere(name) : said(version)}`);
    if (version !== undefined && version >= javaNeeded) return { found: true, home, lookedAt };
  }
  return { found: false, home: undefined, lookedAt };
}

/** @param {string} name */
const notThere = (name) => (name === 'JAVA_HOME' ? 'not set' : 'nothing');

/** @param {number | undefined} version */
const said = (version) => (version === undefined ? 'no Java that runs' : `Java ${version}`);

/**
 * The major version; undefined if it does not run. Java 8 and older call themselves 1.x.
 * @param {Machine} machine
 * @param {string} command
 */
function javaVersion(machine, command) {
  const version = /version "(\d+)/.exec(machine.run(command, '-version') ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}

/** @param {Machine} machine */
export function fetchedJavaFolder(machine) {
  return pathsOf(machine).join(cacheFolder(machine), `java-${javaFetched}`);
}

/**
 * The archive holds one folder, named after its release. macOS keeps the home deeper inside it.
 * @param {Machine} machine
 * @param {string} [folder]
 */
export function fetchedJavaHome(machine, folder = fetchedJavaFolder(machine)) {
  const { join } = pathsOf(machine);
  const [release] = machine.list(folder);
  if (release === undefined) return undefined;
  return machine.platform === 'darwin'
    ? join(folder, release, 'Contents', 'Home')
    : join(folder, release);
}

/** How to get a Java where none can be fetched. */
export const javaAdvice = `  Debian, Ubuntu   sudo apt-get install openjdk-17-jre-headless
  Fedora           sudo dnf install java-21-openjdk-headless
  macOS            brew install --cask temurin
  Windows          winget install EclipseAdoptium.Temurin.21.JRE

Java is looked for in JAVA_HOME and on the PATH. \`npm start\` does without it when
AWS_ENDPOINT_URL_DYNAMODB names a DynamoDB that is already running.`;
