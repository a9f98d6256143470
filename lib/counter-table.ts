import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  apiKeyUsesPartition,
  itemPrefixes,
  secretPartition,
} from '../functions/dynamo/item-prefixes.ts';
import { tableDefinition } from '../functions/dynamo/table-definition.ts';
import { environmentNames } from '../functions/runtime/environment-names.ts';
import type { CounterFunction } from './counter-function.ts';

export interface CounterTableProps {
  /** Regions that hold a copy of the table, the stack's own first; if empty, only that one does. */
  readonly regions: readonly string[];
  /** DynamoDB throttles above so many units a second; undefined is the account's quota. */
  readonly maxReadUnits: number | undefined;
  readonly maxWriteUnits: number;
}

/** The one table. It outlives the stack, because nothing else could restore the counts. */
export class CounterTable extends Construct {
  readonly name: string;
  readonly streamArn: string;
  private readonly table: TableV2;
  private readonly regions: string;

  constructor(
    scope: Construct,
    id: string,
    { regions, maxReadUnits, maxWriteUnits }: CounterTableProps,
  ) {
    super(scope, id);
    const [home = Stack.of(this).region, ...others] = regions;
    this.regions = [home, ...others].join(',');
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: tableDefinition.partitionKey, type: AttributeType.STRING },
      sortKey: { name: tableDefinition.sortKey, type: AttributeType.STRING },
      timeToLiveAttribute: tableDefinition.ttlAttribute,
      dynamoStream: StreamViewType[tableDefinition.streamViewType],
      // Counting comes in bursts, and nobody should have to plan for them.
      billing: Billing.onDemand({
        ...(maxReadUnits && { maxReadRequestUnits: maxReadUnits }),
        maxWriteRequestUnits: maxWriteUnits,
      }),
      // DynamoDB's own key encrypts it: a KMS key would add its price and a second way to lose the data,
      // and the table holds only hashes of API keys.
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      // Copies take every setting above from the table itself.
      replicas: others.map((region) => ({ region })),
    });
    this.name = this.table.tableName;
    this.streamArn = this.table.tableStreamArn ?? '';
  }

  /**
   * Lets a function read totals, and write what checking a caller takes: the day on which an API key was
   * last used, what callers may still do, and the deployment's secret if that does not exist yet.
   * It can change no other items.
   */
  grantRead(reader: CounterFunction): void {
    this.grant(reader, 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query');
    this.grantItems(reader, 'dynamodb:UpdateItem', apiKeyUsesPartition);
    this.grantItems(reader, 'dynamodb:UpdateItem', `${itemPrefixes.callerAllowance}*`);
    this.grantItems(reader, 'dynamodb:PutItem', secretPartition);
  }

  /** Lets a function change counts and read them back. */
  grantWrite(writer: CounterFunction): void {
    this.grant(
      writer,
      'dynamodb:GetItem',
      'dynamodb:BatchGetItem',
      'dynamodb:Query',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    );
  }

  /** Lets a function add to totals, and make the deployment's secret if that does not exist yet. */
  grantFold(folder: CounterFunction): void {
    this.grant(
      folder,
      'dynamodb:GetItem',
      'dynamodb:BatchGetItem',
      'dynamodb:Query',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
    );
  }

  /** Lets a function's event source mapping read the stream. */
  grantStreamRead(reader: CounterFunction): void {
    this.table.grantStreamRead(reader.lambda);
  }

  /**
   * Grants one action on items whose partition key matches a pattern.
   * `ForAllValues` also holds for a request without keys, so `Null` demands keys.
   */
  private grantItems({ lambda }: CounterFunction, action: string, partitionKey: string): void {
    lambda.addToRolePolicy(
      new PolicyStatement({
        actions: [action],
        resources: [this.table.tableArn],
        conditions: {
          Null: { 'dynamodb:LeadingKeys': 'false' },
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [partitionKey] },
        },
      }),
    );
  }

  private grant(user: CounterFunction, ...actions: string[]): void {
    this.table.grant(user.lambda, ...actions);
    user.lambda.addEnvironment(environmentNames.table, this.name);
    user.lambda.addEnvironment(environmentNames.regions, this.regions);
  }
}
