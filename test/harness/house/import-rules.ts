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
/** What is stored, in Tally's words; `functions/dynamo` keeps it. */
const store = 'functions/store/*';
const access = 'functions/access/**';
const pages = 'functions/pages/*';
const everyFunction = 'functions/**';
const config = 'tally.config.ts';

export const areas: readonly Area[] = [
  {
    files: rules,
    mayImport: [rules],
    notPackages: ['**'],
    // Time zones and their daylight saving are not ours to write; its clock, Temporal.Now, is refused.
    butPackages: ['temporal-polyfill'],
    isPure: true,
  },
  {
    files: store,
    mayImport: [store, rules],
    notPackages: ['**'],
  },
  {
    files: counters,
    mayImport: [counters, rules, store],
    notPackages: allOfAws,
  },
  {
    files: 'functions/dynamo/*',
    mayImport: ['functions/dynamo/*', store, rules],
    notPackages: [],
  },
  {
    files: access,
    mayImport: [access, counters, rules, store],
    notPackages: allOfAws,
  },
  {
    files: pages,
    mayImport: [pages, rules],
    notPackages: allOfAws,
  },
  {
    files: 'functions/runtime/*',
    mayImport: ['functions/runtime/*', 'functions/dynamo/*', store, counters, rules, config],
    notPackages: [awsSdk],
  },
  {
    // An entry point: here a function gets what it runs on.
    files: 'functions/*/*-handler.ts',
    mayImport: [everyFunction, config],
    notPackages: [awsSdk],
  },
  {
    files: 'functions/http/**',
    mayImport: ['functions/http/**', access, pages, counters, rules, store],
    notPackages: [awsSdk],
  },
  {
    files: 'functions/stream/*',
    mayImport: ['functions/stream/*', counters, rules, store, 'functions/dynamo/stream-records.ts'],
    mayImportTypes: [awsSdk],
    notPackages: [awsSdk],
  },
  {
    files: 'openapi/*',
    mayImport: [
      'openapi/*',
      'functions/counters/define-counters.ts',
      'functions/http/*',
      'functions/http/schemas/*',
      pages,
      rules,
      'package.json',
    ],
    notPackages: allOfAws,
  },
  {
    files: 'lib/**',
    mayImport: [
      'lib/**',
      'functions/http/edge-headers.ts',
      'functions/http/routes.ts',
      'functions/pages/assets.ts',
      'functions/dynamo/attributes.ts',
      'functions/dynamo/stream-filters.ts',
      'functions/dynamo/item-prefixes.ts',
      'functions/dynamo/table-definition.ts',
      'functions/runtime/environment-names.ts',
      'functions/rules/limits.ts',
      config,
    ],
    notPackages: [awsSdk],
  },
  {
    files: 'local/**',
    mayImport: ['local/**', everyFunction, config],
    notPackages: [],
  },
  {
    files: 'bin/**',
    mayImport: ['bin/**', 'lib/**', 'local/**', everyFunction, config],
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
