import { InvalidConfigError, type TallyConfig } from '../functions/counters/define-counters.ts';

/**
 * Loads tally.config.ts before anything is started. If it is wrong, the process ends with all its
 * mistakes, which are for people and need no stack trace.
 */
export async function loadConfig(): Promise<TallyConfig> {
  try {
    const { tally } = await import('../tally.config.ts');
    return tally;
  } catch (error) {
    if (!(error instanceof InvalidConfigError)) throw error;
    console.error(error.message);
    return process.exit(1);
  }
}
