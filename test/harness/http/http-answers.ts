export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

interface Taken {
  readonly answer: RawAnswer;
  /** Where the next one begins; beyond the text if this one is not whole. */
  readonly end: number;
}

const head =
  /^HTTP\/1\.[01] (\d{3})(?: [^\r\n]*)?\r\n((?:[!#$%&'*+.^_`|~\w-]+: [^\r\n]*\r\n)*)\r\n/;
const chunk = /^([\da-f]+)\r\n/i;

/**
 * Takes apart what came over a connection, which may be several answers one after another, or none.
 *
 * @param options.mayBreakOff whether the last one may be cut: what there is of it is kept
 * @throws if it is not HTTP/1.1 to the last byte
 */
export function parseHttpAnswers(bytes: Buffer, { mayBreakOff = false } = {}): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes.toString('latin1');
  while (rest !== '') {
    const isHeadCut =
      !rest.includes('\r\n\r\n') && rest.startsWith('HTTP/1.'.slice(0, rest.length));
    if (isHeadCut && mayBreakOff) break;
    const { answer, end } = takeAnswer(rest);
    if (rest.length < end && !mayBreakOff) throw new Error(`cut off: ${JSON.stringify(rest)}`);
    answers.push(answer);
    rest = rest.slice(end);
  }
  return answers;
}

function takeAnswer(whole: string): Taken {
  const [{ length: start }, status, headers = ''] = match(head, whole);
  const body = whole.slice(start);
  const length = Number(/^content-length: (\d+)\r$/im.exec(headers)?.[1] ?? 0);
  const isChunked = /^transfer-encoding: chunked\r$/im.test(headers);
  const { text, end } = isChunked ? unchunk(body) : { text: body.slice(0, length), end: length };
  return { answer: { status: Number(status), text }, end: start + end };
}

function unchunk(rest: string): { text: string; end: number } {
  let text = '';
  let end = 0;
  for (;;) {
    const isCut = !rest.slice(end).includes('\r\n');
    if (isCut) return { text, end: rest.length + 1 };
    const [line, digits = ''] = match(chunk, rest.slice(end));
    const length = Number.parseInt(digits, 16);
    text += rest.slice(end + line.length, end + line.length + length);
    end += line.length + length + 2;
    if (length === 0 || end > rest.length) return { text, end };
  }
}

function match(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (!found) throw new Error(`no HTTP: ${JSON.stringify(text.slice(0, 200))}`);
  return found;
}
