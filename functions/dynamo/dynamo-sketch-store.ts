import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import {
  emptyRegisters,
  pageCount,
  type Registers,
  registersPerPage,
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

/** A page holds its registers as numbers under short names: `r0` to `r3j`, below a kilobyte in all. */
const registerName = (index: number): string =>
  `${registerPrefix}${(index % registersPerPage).toString(36)}`;
const pageOf = (index: number): number => Math.floor(index / registersPerPage);

export function createDynamoSketchStore({
  clients,
  tableName: TableName,
  readItems,
}: Table & { readItems: ReadItems }): SketchStore {
  const raise: SketchStore['raise'] = async (key, { index, rank }, expiresAt) => {
    const page = pageOf(index);
    try {
      const { Attributes } = await clients.retrying.send(
        new UpdateCommand({
          TableName,
          Key: sketchBlockItemKey(key, page),
          UpdateExpression: `SET #register = :rank${expiryClause(expiresAt)}`,
          ConditionExpression: 'attribute_not_exists(#register) OR #register < :rank',
          ExpressionAttributeNames: { '#register': registerName(index) },
          ExpressionAttributeValues: { ':rank': rank, ':x': expiresAt },
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { raised: true, registers: withPage(emptyRegisters(), page, Attributes) };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return { raised: false, registers: withPage(emptyRegisters(), page, fromWire(error.Item)) };
      }
      throw writeFailure(error);
    }
  };

  async function readSketch(
    key: SketchKey,
    { nowMs, ...how }: { consistent: boolean; nowMs: number },
  ): Promise<Registers> {
    const pages = Array.from({ length: pageCount }, (_, page) => page);
    const items = await readItems(
      pages.map((page) => sketchBlockItemKey(key, page)),
      how,
    );
    const registers = emptyRegisters();
    for (const page of pages) withPage(registers, page, unexpired(items[page], nowMs));
    return registers;
  }

  return {
    raise,
    readSketches: (keys, how) => Promise.all(keys.map((key) => readSketch(key, how))),
  };
}

/** DynamoDB deletes expired items hours or days late. */
const unexpired = (item: Item = {}, nowMs: number): Item | undefined =>
  Number(item[names.expiresAt] ?? Infinity) * 1000 > nowMs ? item : undefined;

function withPage(registers: Registers, page: number, item: Item = {}): Registers {
  const first = page * registersPerPage;
  for (let index = first; index < first + registersPerPage; index++) {
    registers[index] = Number(item[registerName(index)] ?? 0);
  }
  return registers;
}
