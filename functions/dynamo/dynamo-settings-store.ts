import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { SettingsStore } from '../store/settings-store.ts';
import type { Table } from './dynamo-clients.ts';
import { writeFailure } from './dynamo-errors.ts';
import { settingsItemKey } from './item-keys.ts';
import type { ReadItems } from './item-reader.ts';
import { parseSettings, settingsItem } from './items.ts';

export function createDynamoSettingsStore({
  clients,
  tableName: TableName,
  readItems,
}: Table & { readItems: ReadItems }): SettingsStore {
  return {
    async read(subject) {
      const [item] = await readItems([settingsItemKey(subject)], { consistent: false });
      return item && parseSettings(item);
    },

    async write(subject, settings) {
      try {
        await clients.retrying.send(
          new PutCommand({ TableName, Item: settingsItem(subject, settings) }),
        );
      } catch (error) {
        throw writeFailure(error);
      }
    },
  };
}
