import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import {
  blockCount,
  emptyRegisters,
  type Registers,
  registersPerBlock,
} from '../rules/hyperloglog.ts';
import type { SketchKey, SketchStore } from '../store/sketch-store.ts';
import { attributePrefixes, sketchBlockAttributes as names } from './attributes.ts';
import { fromWire, type Table } from './dynamo-clients.ts';
import { writeFailure } from './dynamo-errors.ts';
import { expiryClause } from './expiry-clause.ts';
import type { Item } from './item.ts';
import { sketchBlockItemKey } from './item-keys.ts';
import type { ReadItems } from './item-reader.ts';

const { register: registerPrefix } = attributePrefixes.sketchBlock;

/** Names are short, so that a full block stays below a kilobyte, which is one write unit. */
const registerName = (index: number): string =>
  `${registerPrefix}${(index % registersPerBlock).toString(36)}`;
const blockOf = (index: number): number => Math.floor(index / registersPerBlock);

export function createDynamoSketchStore({
  clients,
  tableName: TableName,
  readItems,
}: Table & { readItems: ReadItems }): SketchStore {
  const raise: SketchStore['raise'] = async (key, { index, rank }, expiresAt) => {
    const block = blockOf(index);
    try {
      const { Attributes } = await clients.retrying.send(
        new UpdateCommand({
          TableName,
          Key: sketchBlockItemKey(key, block),
          UpdateExpression: `SET #register = :rank${expiryClause(expiresAt)}`,
          ConditionExpression: 'attribute_not_exists(#register) OR #register < :rank',
          ExpressionAttributeNames: { '#register': registerName(index) },
          ExpressionAttributeValues: { ':rank': rank, ':x': expiresAt },
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { raised: true, registers: withBlock(emptyRegisters(), block, Attributes) };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return {
          raised: false,
          registers: withBlock(emptyRegisters(), block, fromWire(error.Item)),
        };
      }
      throw writeFailure(error);
    }
  };

  async function readSketch(
    key: SketchKey,
    { nowMs, ...how }: { consistent: boolean; nowMs: number },
  ): Promise<Registers> {
    const blocks = Array.from({ length: blockCount }, (_, block) => block);
    const items = await readItems(
      blocks.map((block) => sketchBlockItemKey(key, block)),
      how,
    );
    const registers = emptyRegisters();
    // DynamoDB deletes expired items hours or days late, one by one: a part of a sketch would be a
    // wrong estimate.
    const hasExpired = (item: Item = {}) =>
      Number(item[names.expiresAt] ?? Infinity) * 1000 <= nowMs;
    if (items.some(hasExpired)) return registers;
    for (const block of blocks) withBlock(registers, block, items[block]);
    return registers;
  }

  return {
    raise,
    readSketches: (keys, how) => Promise.all(keys.map((key) => readSketch(key, how))),
  };
}

function withBlock(registers: Registers, block: number, item: Item = {}): Registers {
  const first = block * registersPerBlock;
  for (let index = first; index < first + registersPerBlock; index++) {
    registers[index] = Number(item[registerName(index)] ?? 0);
  }
  return registers;
}
