/**
 * Names as parts of keys. `#` separates the parts, so it is escaped inside of them; so is `%`, which
 * escapes. No name has a `%`, so the usual name stands in the table as it is.
 */
export const escapeName = (name: string): string =>
  name.replaceAll(/[#%]/g, (character) => (character === '#' ? '%23' : '%25'));

export const unescapeName = (part: string): string =>
  part.replaceAll(/%2[35]/g, (escaped) => (escaped === '%23' ? '#' : '%'));
