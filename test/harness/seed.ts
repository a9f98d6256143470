/**
 * Loaded before every test file: properties are tried with the same cases each time, so that a test
 * fails because of a change. `TALLY_SEED=1234 npm test` looks elsewhere.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.TALLY_SEED ?? 20_261_121) });
