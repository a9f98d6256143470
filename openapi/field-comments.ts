/**
 * The comments of the fields of a configuration. They are what an editor shows
 * in tally.config.ts, so the reference is made of them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

const files = ['define-counters.ts', 'visitor-settings.ts'].map((file) =>
  join(import.meta.dirname, '../functions/counters', file),
);

/** By the name of the object and the field, `countDefinition.windows`. */
export const fieldComments = (): ReadonlyMap<string, string> =>
  new Map(files.flatMap((file) => [...commentsIn(file)]));

function commentsIn(file: string): ReadonlyMap<string, string> {
  const source = readFileSync(file, 'utf8');
  const { program, comments } = parseSync(file, source);
  const found = new Map<string, string>();
  let object = '';
  const commentBefore = (start: number): string | undefined => {
    const comment = comments.findLast(({ end }) => end <= start);
    const isNext = comment && source.slice(comment.end, start).trim() === '';
    return isNext
      ? comment.value
          .replace(/^\*/, '')
          .replaceAll(/\s*\n\s*\*?\s*/g, ' ')
          .trim()
      : undefined;
  };
  new Visitor({
    VariableDeclarator({ id }) {
      if (id.type === 'Identifier') object = id.name;
    },
    Property({ key, start }) {
      const comment = commentBefore(start);
      if (key.type === 'Identifier' && comment) found.set(`${object}.${key.name}`, comment);
    },
  }).visit(program);
  return found;
}
