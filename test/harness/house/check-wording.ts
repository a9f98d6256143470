/** Phrases that have to be read twice, each with what is said instead. */
const phrases: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bOf\b/g, 'begin with the subject of the sentence'],
  [/\bwhoever\b/gi, 'say who: a caller, a writer'],
  [/\bfor ever\b/gi, 'say "never", "without end", or for how long'],
  [/\blet be\b/gi, 'say "ignored" or "left as it is"'],
];

/**
 * Checks the comments, titles and sentences of one file.
 *
 * @param file its path in the repository
 * @returns a sentence for every phrase, beginning with file and line
 */
export function checkWording(file: string, text: string): string[] {
  return phrases.flatMap(([phrase, instead]) =>
    [...text.matchAll(phrase)].map(({ index, 0: found }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${file}:${line} says "${found}": ${instead}`;
    }),
  );
}
