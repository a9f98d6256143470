/**
 * What each part of the house may import, as data. A file belongs to the first area whose glob it
 * matches, so the exceptions stand first; what no area claims may import anything. Globs of our own
 * files are paths in the repository; globs of packages match what stands in the import.
 */
export interface Area {
  readonly files: string;
  /** Our own files that may be imported. */
  readonly mayImport: readonly string[];
  /** Packages and `node:` modules that may not. */
  readonly notPackages: readonly string[];
  /** Exceptions from that, each with its reason. */
  readonly butPackages?: readonly string[];
  /** Files and packages that `import type` may name beyond that. */
  readonly mayImportTypes?: readonly string[];
  /** No clock, no randomness, no I/O. */
  readonly isPure?: boolean;
}

const awsSdk = '@aws-sdk/**';
const allOfAws = ['@aws-*/**', '@smithy/**', 'aws-lambda', 'aws-cdk-lib/**'];

const rules = 'functions/rules/*';
const counters = 'functions/counters/*';
/** What the store offers, in Tally's words: `counter-store.ts`, which `dynamo-counter-store.ts` keeps. */
const storeInterface = 'functions/store/!(dynamo-*)-store.ts';
const wireTypes = ['functions/http/wire-types.ts'];
const everyFunction = 'functions/**';
const config = 'tally.config.ts';

export const areas: readonly Area[] = [
  {
    files: 'functions/rules/*',
    mayImport: [rules],
    notPackages: ['**'],
    // Time zones and their daylight saving are not ours to write; its clock, Temporal.Now, is refused.
    butPackages: ['temporal-polyfill'],
    isPure: true,
  },
  {
    files: 'functions/counters/*',
    mayImport: [counters, rules, storeInterface],
    notPackages: allOfAws,
  },
  {
    files: storeInterface,
    mayImport: [storeInterface, rules],
    notPackages: ['**'],
  },
  {
    files: 'functions/store/*',
    mayImport: ['functions/store/*', rules],
    notPackages: [],
  },
  {
    files: 'functions/runtime/*',
    mayImport: ['functions/runtime/*', 'functions/store/*', counters, rules, config],
    notPackages: [awsSdk],
  },
  {
    // An entry point: here a function gets what it runs on.
    files: 'functions/*/*-handler.ts',
    mayImport: [everyFunction, config],
    notPackages: [awsSdk],
  },
  {
    files: 'functions/http/*',
    mayImport: ['functions/http/*', counters, rules, storeInterface, 'package.json'],
    mayImportTypes: ['functions/runtime/environment.ts'],
    notPackages: [awsSdk],
  },
  {
    files: 'functions/stream/*',
    mayImport: [
      'functions/stream/*',
      counters,
      rules,
      storeInterface,
      'functions/store/stream-records.ts',
    ],
    mayImportTypes: [awsSdk],
    notPackages: [awsSdk],
  },
  {
    files: 'lib/**',
    mayImport: [
      'lib/**',
      'functions/http/routes.ts',
      'functions/http/assets.ts',
      'functions/store/table-definition.ts',
      'functions/runtime/environment-names.ts',
      'functions/rules/limits.ts',
      config,
    ],
    notPackages: [awsSdk],
  },
  {
    files: 'client/**',
    mayImport: ['client/**'],
    mayImportTypes: wireTypes,
    notPackages: allOfAws,
  },
  {
    files: 'site/**',
    mayImport: ['site/**', 'client/**'],
    notPackages: [...allOfAws, 'node:*'],
  },
  {
    files: 'local/**',
    mayImport: ['local/**', everyFunction, 'client/**', 'site/**', config],
    notPackages: [],
  },
  {
    files: 'bin/**',
    mayImport: ['bin/**', 'lib/**', 'local/**', everyFunction, 'client/**', config],
    notPackages: [],
  },
  {
    files: config,
    mayImport: ['functions/counters/define-counters.ts'],
    notPackages: ['**'],
  },
];

/** Names through which code reaches clock, randomness or the world; none is used in a pure area. */
export const impureGlobals = new Set([
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);

/** The same, for objects that are pure otherwise. `new Date()` and `Date()` are refused as well. */
export const impureMembers = new Set(['Date.now', 'Math.random', 'Temporal.Now']);

/** Words that say nothing about what is in a file; no file or folder is called by one. */
export const emptyNames = new Set([
  'common',
  'helper',
  'helpers',
  'manager',
  'misc',
  'util',
  'utils',
]);
