/** What `#name` and `:value` stand for in the expressions of one request. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { normalItem } from './normal-item.ts';
import { invalid } from './refused.ts';

export class Placeholders {
  readonly #names: Readonly<Record<string, string>>;
  readonly #values: Readonly<Record<string, AttributeValue>>;

  constructor(request: {
    ExpressionAttributeNames?: Record<string, string> | undefined;
    ExpressionAttributeValues?: Record<string, AttributeValue> | undefined;
  }) {
    const { ExpressionAttributeNames, ExpressionAttributeValues } = request;
    refuseEmpty({ ExpressionAttributeNames, ExpressionAttributeValues });
    this.#names = ExpressionAttributeNames ?? {};
    this.#values = normalItem(ExpressionAttributeValues ?? {});
  }

  /** The attribute that is meant by a name in an expression. */
  attribute(name: string): string {
    if (!name.startsWith('#')) return name;
    const attribute = this.#names[name];
    if (attribute === undefined) {
      throw invalid(
        `An expression attribute name used in the document path is not defined; attribute name: ${name}`,
      );
    }
    return attribute;
  }

  value(name: string): AttributeValue {
    const value = this.#values[name];
    if (value === undefined) {
      throw invalid(
        `An expression attribute value used in expression is not defined; attribute value: ${name}`,
      );
    }
    return value;
  }

  /** @throws if one of them is used by none of the expressions */
  check(expressions: readonly { readonly used: ReadonlySet<string> }[]): void {
    const unused = [...Object.keys(this.#names), ...Object.keys(this.#values)].filter(
      (name) => !expressions.some(({ used }) => used.has(name)),
    );
    if (unused.length > 0) {
      throw invalid(`Value provided is unused in expressions: keys: {${unused.join(', ')}}`);
    }
    for (const { used } of expressions) {
      for (const name of used) {
        if (name.startsWith('#')) this.attribute(name);
        else this.value(name);
      }
    }
  }
}

function refuseEmpty(given: Readonly<Record<string, object | undefined>>): void {
  for (const [parameter, value] of Object.entries(given)) {
    if (value && Object.keys(value).length === 0) throw invalid(`${parameter} must not be empty`);
  }
}
