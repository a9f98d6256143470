export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

const head =
  /^HTTP\/1\.[01] (\d{3})(?: [^\r\n]*)?\r\n((?:[!#$%&'*+.^_`|~\w-]+: [^\r\n]*\r\n)*)\r\n/;
const chunk = /^([\da-f]+)\r\n/i;

/**
 * Takes apart what came over a connection, which may be several answers one after another, or none.
 *
 * @throws if it is not HTTP/1.1 to the last byte
 */
export function parseHttpAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes.toString('latin1');
  while (rest !== '') {
    const [whole, status, headers = ''] = match(head, rest);
    rest = rest.slice(whole.length);
    const length = Number(/^content-length: (\d+)\r$/im.exec(headers)?.[1] ?? 0);
    const isChunked = /^transfer-encoding: chunked\r$/im.test(headers);
    const { text, end } = isChunked ? unchunk(rest) : { text: rest.slice(0, length), end: length };
    if (rest.length < end) throw new Error(`cut off: ${JSON.stringify(rest)}`);
    answers.push({ status: Number(status), text });
    rest = rest.slice(end);
  }
  return answers;
}

function unchunk(rest: string): { text: string; end: number } {
  let text = '';
  let end = 0;
  for (;;) {
    const [line, digits = ''] = match(chunk, rest.slice(end));
    const length = Number.parseInt(digits, 16);
    text += rest.slice(end + line.length, end + line.length + length);
    end += line.length + length + 2;
    if (length === 0) return { text, end };
  }
}

function match(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (!found) throw new Error(`no HTTP: ${JSON.stringify(text.slice(0, 200))}`);
  return found;
}
