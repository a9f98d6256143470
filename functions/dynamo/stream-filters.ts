/**
 * Which changes of the table are worth an invocation of the stream function, as Lambda's event filters.
 * They look at keys and images alone: of a DynamoDB stream, nothing else is promised to be seen by
 * one. Data only: the infrastructure takes them from here.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
 */
import { cellAttributes, cellWriters, tokenAttributes } from './attributes.ts';
import { itemPrefixes } from './item-prefixes.ts';

type Rule =
  | { readonly prefix: string }
  | { readonly exists: true }
  | { readonly 'anything-but': readonly string[] };

/** Rules on values by their types, by the names of attributes. */
type Attributes = Readonly<Record<string, { readonly S: Rule[] } | { readonly N: Rule[] }>>;

export interface StreamFilter {
  readonly dynamodb: {
    readonly Keys: Attributes;
    readonly OldImage?: Attributes;
    readonly NewImage?: Attributes;
  };
}

/** @param region that of the function */
export function streamFilters(region: string): readonly StreamFilter[] {
  const keysOf = (prefix: string): Attributes => ({ pk: { S: [{ prefix }] } });
  const hasAmount: Attributes = { [tokenAttributes.amount]: { N: [{ exists: true }] } };
  const byOthers: Attributes = {
    [cellAttributes.writer]: { S: [{ 'anything-but': [cellWriters.fold(region)] }] },
  };
  return [
    // What this region's own fold has written comes back to it, and is no news.
    { dynamodb: { Keys: keysOf(itemPrefixes.cell), NewImage: byOthers } },
    // A token that counts: a claim has no amount, and a token that expires has no new image.
    { dynamodb: { Keys: keysOf(itemPrefixes.token), NewImage: hasAmount } },
    // A token that counted and is now something else, because another region's write has won.
    {
      dynamodb: {
        Keys: keysOf(itemPrefixes.token),
        OldImage: hasAmount,
        NewImage: { pk: { S: [{ exists: true }] } },
      },
    },
    // Only members count when they are removed.
    { dynamodb: { Keys: keysOf(itemPrefixes.member) } },
  ];
}
