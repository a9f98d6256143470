import {
  chromiumAdvice,
  findChromium,
  isChromiumShipped,
  shippedChromiumFolder,
} from './find-chromium.mjs';
import {
  fetchedJavaFolder,
  findJava,
  javaFetched,
  javaMegabytes,
  javaNeeded,
} from './find-java.mjs';

/**
 * @import { Machine } from './machine.mjs'
 * @import { Needs } from './needs.mjs'
 */

/**
 * @typedef {object} Missing
 * @property {string} what
 * @property {string} why what needs it
 * @property {readonly string[]} lookedAt each place, with what is there
 * @property {string} remedy what is done about it, or how to get it
 * @property {boolean} isUpToUser nothing can be done about it here
 */

/** @returns {Missing} */
export const missingPackages = () => ({
  what: "npm's packages",
  why: 'node_modules does not hold what package-lock.json names.',
  lookedAt: [],
  remedy: '`npm ci` installs them, which takes about a minute the first time.',
  isUpToUser: false,
});

/**
 * @param {Machine} machine
 * @param {Needs} needs
 * @returns {Missing | undefined}
 */
export function missingJava(machine, needs) {
  if (!needs.java) return undefined;
  const { found, lookedAt } = findJava(machine);
  if (found) return undefined;
  return {
    what: 'Java',
    why: `DynamoDB Local needs Java ${javaNeeded} or newer.`,
    lookedAt,
    remedy:
      `Java ${javaFetched} (Eclipse Temurin, about ${javaMegabytes} MB) is fetched ` +
      `into ${fetchedJavaFolder(machine)}.`,
    isUpToUser: false,
  };
}

/**
 * @param {Machine} machine
 * @param {Needs} needs
 * @param {string} shippedVersion
 * @returns {Missing | undefined}
 */
export function missingChromium(machine, needs, shippedVersion) {
  if (!needs.chromium) return undefined;
  const { path, isGiven, lookedAt } = findChromium(machine);
  if (path !== undefined) return undefined;
  const folder = shippedChromiumFolder(machine, shippedVersion);
  const isShipped = !isGiven && isChromiumShipped(machine);
  if (isShipped && machine.exists(folder)) return undefined;
  return {
    what: 'Chromium',
    why: 'The tests of pages drive a browser.',
    lookedAt,
    remedy: isShipped
      ? `The one of the package @sparticuz/chromium (about 200 MB) is unpacked into ${folder}.`
      : chromiumAdvice,
    isUpToUser: !isShipped,
  };
}

const indent = ' '.repeat(4);

/**
 * Says what is missing, before anything is done about it.
 * @param {readonly Missing[]} missing
 */
export function missingReport(missing) {
  const entries = missing.map(({ what, why, lookedAt, remedy }) => {
    const places = lookedAt.map((place) => `looked at ${place}`);
    const [first, ...rest] = remedy.split('\n');
    const lines = [why, ...places, `→ ${first}`, ...rest.map((line) => `  ${line}`)];
    return [`  ${what}`, ...lines.map((line) => indent + line)].join('\n');
  });
  return ['Missing on this machine:', ...entries].join('\n\n');
}
