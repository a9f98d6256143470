import { cacheFolder, joinPath } from './machine.mjs';

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
  const given = machine.env.JAVA_HOME;
  const fetched = fetchedJavaHome(machine);
  const places = [
    {
      name: given ? `JAVA_HOME (${given})` : 'JAVA_HOME',
      home: given,
      absent: given ? '' : 'not set',
    },
    { name: 'the PATH', home: undefined, absent: '' },
    { name: fetchedJavaFolder(machine), home: fetched, absent: fetched ? '' : 'nothing' },
  ];
  /** @type {string[]} */
  const lookedAt = [];
  for (const { name, home, absent } of places) {
    const version = absent ? undefined : javaVersion(machine, home);
    if (version !== undefined && version >= javaNeeded) return { found: true, home, lookedAt };
    lookedAt.push(`${name}: ${absent || (version ? `Java ${version}` : 'no Java that runs')}`);
  }
  return { found: false, home: undefined, lookedAt };
}

/**
 * The major version; undefined if it does not run. Java 8 and older call themselves 1.x.
 * @param {Machine} machine
 * @param {string | undefined} home without one it is asked of the PATH
 */
function javaVersion(machine, home) {
  const command = home ? joinPath(machine, home, 'bin', 'java') : 'java';
  const version = /version "(\d+)/.exec(machine.run(command, '-version') ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}

/** @param {Machine} machine */
export function fetchedJavaFolder(machine) {
  return joinPath(machine, cacheFolder(machine), `java-${javaFetched}`);
}

/**
 * The archive holds one folder, named after its release. macOS keeps the home deeper inside it.
 * @param {Machine} machine
 */
function fetchedJavaHome(machine) {
  const folder = fetchedJavaFolder(machine);
  const [release] = machine.list(folder);
  if (release === undefined) return undefined;
  return machine.platform === 'darwin'
    ? joinPath(machine, folder, release, 'Contents', 'Home')
    : joinPath(machine, folder, release);
}

/** How to get a Java where none can be fetched. */
export const javaAdvice = `  Debian, Ubuntu   sudo apt-get install openjdk-17-jre-headless
  Fedora           sudo dnf install java-21-openjdk-headless
  macOS            brew install --cask temurin
  Windows          winget install EclipseAdoptium.Temurin.21.JRE

Java is looked for in JAVA_HOME and on the PATH. \`npm start\` does without it when
AWS_ENDPOINT_URL_DYNAMODB names a DynamoDB that is already running.`;
