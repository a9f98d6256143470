/** Update expressions: SET with +, - and if_not_exists, ADD to numbers, REMOVE. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { WireItem } from './attribute-values.ts';
import { addNumbers } from './decimal.ts';
import { operandValue } from './evaluate-condition.ts';
import { ExpressionText, type Operand } from './expression-text.ts';
import { isKeyAttribute } from './normal-item.ts';
import type { Placeholders } from './placeholders.ts';
import { invalid } from './refused.ts';

type Term =
  | Operand
  | { readonly kind: 'if_not_exists'; readonly name: string; readonly otherwise: Term };

interface Sum {
  readonly first: Term;
  readonly second?: { readonly sign: 1n | -1n; readonly term: Term };
}

type Action =
  | { readonly kind: 'SET'; readonly name: string; readonly to: Sum }
  | { readonly kind: 'ADD'; readonly name: string; readonly value: string }
  | { readonly kind: 'REMOVE'; readonly name: string };

export interface ParsedUpdate {
  readonly actions: readonly Action[];
  readonly used: ReadonlySet<string>;
}

const clauses = ['SET', 'ADD', 'REMOVE'] as const;

export function parseUpdate(text: string): ParsedUpdate {
  const words = new ExpressionText('UpdateExpression', text);
  const actions: Action[] = [];
  const seen = new Set<string>();
  while (!words.isAtEnd) {
    const clause = clauses.find((it) => words.takeIf(it));
    if (!clause) throw words.syntaxError();
    if (seen.has(clause)) {
      throw invalid(
        `Invalid UpdateExpression: The "${clause}" section can only be used once in an update expression;`,
      );
    }
    seen.add(clause);
    actions.push(...words.takeList(() => parseAction(words, clause)));
  }
  return { actions, used: words.used };
}

function parseAction(words: ExpressionText, kind: Action['kind']): Action {
  const name = words.takeName();
  if (kind === 'REMOVE') return { kind, name };
  if (kind === 'ADD') return { kind, name, value: words.takeValue() };
  words.expect('=');
  const first = parseTerm(words);
  const sign = takeSign(words);
  const to: Sum =
    sign === undefined ? { first } : { first, second: { sign, term: parseTerm(words) } };
  return { kind, name, to };
}

function takeSign(words: ExpressionText): 1n | -1n | undefined {
  if (words.takeIf('+')) return 1n;
  return words.takeIf('-') ? -1n : undefined;
}

function parseTerm(words: ExpressionText): Term {
  if (words.peek() !== 'IF_NOT_EXISTS' || words.peek(1) !== '(') return words.takeOperand();
  words.take();
  words.take();
  const name = words.takeName();
  words.expect(',');
  const otherwise = parseTerm(words);
  words.expect(')');
  return { kind: 'if_not_exists', name, otherwise };
}

/**
 * What DynamoDB finds wrong with an update before it looks at the item.
 *
 * @throws a ValidationException
 */
export function checkUpdate({ actions }: ParsedUpdate, placeholders: Placeholders): void {
  const names = new Set<string>();
  for (const action of actions) {
    const name = placeholders.attribute(action.name);
    if (names.has(name)) {
      throw invalid(
        `Invalid UpdateExpression: Two document paths overlap with each other; path: [${name}]`,
      );
    }
    names.add(name);
    if (action.kind === 'ADD') checkNumber(placeholders.value(action.value), 'ADD');
    if (action.kind === 'SET') checkSum(action.to, placeholders);
  }
}

function checkSum({ first, second }: Sum, placeholders: Placeholders): void {
  const terms = second ? [first, second.term] : [first];
  for (const term of terms) {
    if (second && term.kind === 'value') checkNumber(placeholders.value(term.name), '+, -');
    checkDistinct(term, placeholders);
  }
}

function checkDistinct(term: Term, placeholders: Placeholders): void {
  if (term.kind !== 'if_not_exists') return;
  const { name, otherwise } = term;
  checkDistinct(otherwise, placeholders);
  if (otherwise.kind !== 'attribute') return;
  if (placeholders.attribute(otherwise.name) === placeholders.attribute(name)) {
    throw invalid(
      'Invalid UpdateExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: if_not_exists',
    );
  }
}

function checkNumber(value: AttributeValue, operator: string): void {
  if (value.N !== undefined) return;
  throw invalid(
    `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ${operator}`,
  );
}

/** @returns a new item; every action sees the item as it was before */
export function updated(
  { actions }: ParsedUpdate,
  item: WireItem,
  placeholders: Placeholders,
): WireItem {
  const after: Record<string, AttributeValue> = { ...item };
  for (const action of actions) {
    const name = placeholders.attribute(action.name);
    if (isKeyAttribute(name)) {
      throw invalid(`Cannot update attribute ${name}. This attribute is part of the key`);
    }
    if (action.kind === 'REMOVE') {
      delete after[name];
    } else if (action.kind === 'ADD') {
      const before = item[name] ?? { N: '0' };
      after[name] = added(before, placeholders.value(action.value), 1n);
    } else {
      after[name] = sumValue(action.to, item, placeholders);
    }
  }
  return after;
}

function sumValue({ first, second }: Sum, item: WireItem, placeholders: Placeholders) {
  const value = termValue(first, item, placeholders);
  return second ? added(value, termValue(second.term, item, placeholders), second.sign) : value;
}

function termValue(term: Term, item: WireItem, placeholders: Placeholders): AttributeValue {
  if (term.kind === 'if_not_exists') {
    const found = item[placeholders.attribute(term.name)];
    return found ?? termValue(term.otherwise, item, placeholders);
  }
  const value = operandValue(term, item, placeholders);
  if (value === undefined) {
    throw invalid('The provided expression refers to an attribute that does not exist in the item');
  }
  return value;
}

function added(a: AttributeValue, b: AttributeValue, sign: 1n | -1n): AttributeValue {
  if (a.N === undefined || b.N === undefined) {
    throw invalid('An operand in the update expression has an incorrect data type');
  }
  try {
    return { N: addNumbers(a.N, b.N, sign) };
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}
