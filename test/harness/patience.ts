/**
 * Loaded before every test file, and into servers that tests attack: no test is about how fast a machine
 * is. Production gives up after seconds, because somebody is waiting; a test goes on waiting.
 */
import { limits } from '../../functions/rules/limits.ts';

Object.assign(limits, {
  dynamoRequestMs: 60_000,
  dynamoConnectMs: 60_000,
  publishMs: 60_000,
  publishBatchMs: 90_000,
});
