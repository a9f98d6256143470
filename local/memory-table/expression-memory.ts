/** Parsed expressions by their text: code sends the same ones again and again. */
const most = 1_000;

export function rememberParsed<T>(parse: (text: string) => T): (text: string) => T {
  const parsed = new Map<string, T>();
  return (text) => {
    const found = parsed.get(text);
    if (found !== undefined) return found;
    if (parsed.size >= most) parsed.clear();
    const made = parse(text);
    parsed.set(text, made);
    return made;
  };
}
