import type { Defence } from './defences.ts';

/** The source of a file without its defence. @throws Error if it has no such text */
export const withoutDefence = (source: string, { file, without }: Defence): string =>
  without.reduce((changed, [text, instead]) => {
    if (!changed.includes(text)) throw new Error(`${file} has no "${text}"`);
    return changed.replace(text, () => instead);
  }, source);
