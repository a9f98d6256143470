import { cacheFolder, joinPath } from './machine.mjs';

/** @import { Machine } from './machine.mjs' */

/** In the order of preference; Ubuntu's chromium-browser may be a script that only names a snap. */
const linuxCommands = [
  'google-chrome-stable',
  'google-chrome',
  'chromium',
  'chromium-browser',
  'microsoft-edge-stable',
  'microsoft-edge',
];
/** Beside the PATH: where the packages of the makers and snaps put them. */
const linuxFiles = [
  '/opt/google/chrome/chrome',
  '/snap/bin/chromium',
  '/opt/microsoft/msedge/msedge',
];
const macApplications = ['Google Chrome', 'Chromium', 'Microsoft Edge'];
const windowsFiles = [
  ['Google', 'Chrome', 'Application', 'chrome.exe'],
  ['Chromium', 'Application', 'chrome.exe'],
  ['Microsoft', 'Edge', 'Application', 'msedge.exe'],
];

/**
 * @typedef {object} ChromiumSearch
 * @property {string | undefined} path the browser to drive, if the machine has one
 * @property {boolean} isGiven CHROMIUM names one, and then no other is looked for
 * @property {string[]} lookedAt
 */

/**
 * Looks for a browser of Chromium's family: the one that CHROMIUM names, else Chrome, Chromium or
 * Edge where the system keeps them.
 * @param {Machine} machine
 * @returns {ChromiumSearch}
 */
export function findChromium(machine) {
  const given = machine.env.CHROMIUM;
  if (given) {
    const path = runs(machine, given) ? given : undefined;
    return { path, isGiven: true, lookedAt: [`CHROMIUM (${given}): no browser that runs`] };
  }
  const files = filesOf(machine);
  const onPath = machine.platform === 'linux' ? commandsOnPath(machine) : [];
  return {
    path: [...onPath, ...files].find((file) => runs(machine, file)),
    isGiven: false,
    lookedAt: [
      'CHROMIUM: not set',
      ...(machine.platform === 'linux'
        ? [`the PATH: no ${linuxCommands.join(', ')} that runs`]
        : []),
      `${files.join(', ')}: no browser that runs`,
    ],
  };
}

/** @param {Machine} machine */
function commandsOnPath(machine) {
  const folders = (machine.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return linuxCommands.flatMap((command) =>
    folders.map((folder) => `${folder}/${command}`).filter((file) => machine.exists(file)),
  );
}

/** @param {Machine} machine */
function filesOf(machine) {
  const { platform, env, home } = machine;
  if (platform === 'darwin') {
    return macApplications.flatMap((name) =>
      ['/Applications', joinPath(machine, home, 'Applications')].map((folder) =>
        joinPath(machine, folder, `${name}.app`, 'Contents', 'MacOS', name),
      ),
    );
  }
  if (platform === 'win32') {
    const roots = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA];
    return windowsFiles.flatMap((path) =>
      roots.flatMap((root) => (root ? [joinPath(machine, root, ...path)] : [])),
    );
  }
  return linuxFiles;
}

/**
 * On Windows a browser asked for its version opens a window, so there the file alone has to do.
 * @param {Machine} machine
 * @param {string} path
 */
function runs(machine, path) {
  if (machine.platform === 'win32') return machine.exists(path);
  return /^[A-Z].* \d+\.\d+/m.test(machine.run(path, '--version') ?? '');
}

/**
 * Whether the package @sparticuz/chromium carries a browser for the machine.
 * @param {Machine} machine
 */
export const isChromiumShipped = ({ platform, arch }) => platform === 'linux' && arch === 'x64';

/**
 * Where the shipped browser is unpacked to, once for each release of it.
 * @param {Machine} machine
 * @param {string} version
 */
export function shippedChromiumFolder(machine, version) {
  return joinPath(machine, cacheFolder(machine), `chromium-${version}`);
}

/** How to get a browser where none is shipped. */
export const chromiumAdvice = `Install Chrome, Chromium or Edge, or let CHROMIUM name the program of one. The tests under test/unit
(\`npm run test:unit\`) and all files named to \`npm test\` but *-in-browser.test.ts do without it.`;
