/** The words of an expression, read one after another; what all kinds of expression have in common. */
import { invalid } from './refused.ts';

/** Something that an expression can take a value from. */
export type Operand =
  | { readonly kind: 'attribute'; readonly name: string }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'size'; readonly of: Operand };

const mostBytes = 4_096;
const token = /\s*(?:(<=|>=|<>|[=<>(),+-])|([#:]?\w+)|(\S))/y;

/** The shortest of DynamoDB's 573 reserved words: names in Tally's expressions are no longer. */
const shortReservedWords: ReadonlySet<string> = new Set(
  'as at by do go if in is no of on or to'.split(' '),
);
const mostLettersOfBareName = 2;

export class ExpressionText {
  readonly #words: readonly string[];
  #next = 0;
  /** Placeholders that it has used, by which those are found that nothing uses. */
  readonly used = new Set<string>();

  readonly #kind: string;

  /** @param kind as DynamoDB calls it: `ConditionExpression` … */
  constructor(kind: string, text: string) {
    this.#kind = kind;
    if (text.trim() === '') throw this.#invalid('The expression can not be empty;');
    if (Buffer.byteLength(text) > mostBytes) {
      throw this.#invalid('Expression size has exceeded the maximum allowed size;');
    }
    this.#words = words(text, (found) => this.#invalid(`Syntax error; token: "${found}"`));
    if (hasRedundantParentheses(this.#words)) {
      throw this.#invalid('The expression has redundant parentheses;');
    }
  }

  get isAtEnd(): boolean {
    return this.#next === this.#words.length;
  }

  /** The next word, in capital letters if it is one of the language. */
  peek(ahead = 0): string {
    return (this.#words[this.#next + ahead] ?? '').toUpperCase();
  }

  take(): string {
    const word = this.#words[this.#next++];
    if (word === undefined) throw this.#invalid('Syntax error; token: "<EOF>"');
    return word;
  }

  takeIf(word: string): boolean {
    const isNext = this.peek() === word;
    if (isNext) this.#next++;
    return isNext;
  }

  expect(word: string): void {
    if (!this.takeIf(word)) throw this.syntaxError();
  }

  syntaxError(): Error {
    return this.#invalid(`Syntax error; token: "${this.#words[this.#next] ?? '<EOF>'}"`);
  }

  /** An attribute, as it is called in the expression. */
  takeName(): string {
    const name = this.take();
    if (name.startsWith('#')) this.used.add(name);
    else this.#checkBareName(name);
    return name;
  }

  takeValue(): string {
    const name = this.take();
    if (!name.startsWith(':')) throw this.#invalid(`Syntax error; token: "${name}"`);
    this.used.add(name);
    return name;
  }

  takeOperand(): Operand {
    if (this.peek() === 'SIZE' && this.peek(1) === '(') {
      this.take();
      this.take();
      const of = this.takeOperand();
      this.expect(')');
      return { kind: 'size', of };
    }
    return this.peek().startsWith(':')
      ? { kind: 'value', name: this.takeValue() }
      : { kind: 'attribute', name: this.takeName() };
  }

  /** @param takeOne reads one element of a list that is parted by commas */
  takeList<T>(takeOne: () => T): T[] {
    const list = [takeOne()];
    while (this.takeIf(',')) list.push(takeOne());
    return list;
  }

  #checkBareName(name: string): void {
    if (!/^[a-z]\w*$/i.test(name)) throw this.#invalid(`Syntax error; token: "${name}"`);
    if (shortReservedWords.has(name.toLowerCase())) {
      throw this.#invalid(`Attribute name is a reserved keyword; reserved keyword: ${name}`);
    }
    if (name.length > mostLettersOfBareName) {
      throw new Error(
        `${name} may be a reserved word, of which the memory table knows the short ones: call it #${name}`,
      );
    }
  }

  #invalid(what: string): Error {
    return invalid(`Invalid ${this.#kind}: ${what}`);
  }
}

function words(text: string, syntaxError: (found: string) => Error): string[] {
  const found: string[] = [];
  const end = text.trimEnd().length;
  token.lastIndex = 0;
  while (token.lastIndex < end) {
    const [, sign, word, other] = token.exec(text) ?? [];
    if (other === '.' || other === '[') {
      throw new Error('the memory table knows no attributes within attributes');
    }
    const next = sign ?? word;
    if (next === undefined) throw syntaxError(other ?? '');
    found.push(next);
  }
  return found;
}

/** Two pairs around the same. */
function hasRedundantParentheses(all: readonly string[]): boolean {
  const open: number[] = [];
  const closing = new Map<number, number>();
  for (const [index, word] of all.entries()) {
    if (word === '(') open.push(index);
    if (word === ')') closing.set(open.pop() ?? -1, index);
  }
  return [...closing].some(
    ([from, to]) => all[from + 1] === '(' && closing.get(from + 1) === to - 1,
  );
}
