/** Calls to the table in memory, and what becomes of them, in DynamoDB's own JSON. */
import type {
  BatchGetItemCommandInput,
  DeleteItemCommandInput,
  GetItemCommandInput,
  PutItemCommandInput,
  QueryCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { WireItem } from './attribute-values.ts';
import type { ItemName } from './normal-item.ts';

export type TableRequest =
  | { readonly operation: 'PutItem'; readonly input: PutItemCommandInput }
  | { readonly operation: 'UpdateItem'; readonly input: UpdateItemCommandInput }
  | { readonly operation: 'DeleteItem'; readonly input: DeleteItemCommandInput }
  | { readonly operation: 'GetItem'; readonly input: GetItemCommandInput }
  | { readonly operation: 'BatchGetItem'; readonly input: BatchGetItemCommandInput }
  | { readonly operation: 'Query'; readonly input: QueryCommandInput };

export interface TableAnswer {
  readonly Attributes?: WireItem | undefined;
  readonly Item?: WireItem | undefined;
  readonly Items?: readonly WireItem[] | undefined;
  readonly Responses?: Readonly<Record<string, readonly WireItem[]>> | undefined;
  readonly UnprocessedKeys?: BatchGetItemCommandInput['RequestItems'] | undefined;
  readonly Count?: number | undefined;
  readonly ScannedCount?: number | undefined;
  readonly LastEvaluatedKey?: WireItem | undefined;
}

/** What became of a call, and what it cost. */
export interface Applied {
  readonly outcome: 'done' | 'condition_failed' | 'throttled' | 'refused';
  readonly answer: TableAnswer;
  /** Why it is not done. */
  readonly error?: Error;
  readonly writeUnits: number;
  readonly readUnits: number;
  /** The item that was written, before and after. */
  readonly name?: ItemName;
  readonly before?: WireItem | undefined;
  readonly after?: WireItem | undefined;
  /** Size of the item after a write. */
  readonly bytes?: number;
}
