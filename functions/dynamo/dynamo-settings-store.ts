import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SettingsStore } from '../store/settings-store.ts';
import { settingsAttributes as names } from './attributes.ts';
import type { Table } from './dynamo-clients.ts';
import { writeFailure } from './dynamo-errors.ts';
import { settingsItemKey } from './item-keys.ts';
import type { ReadItems } from './item-reader.ts';
import { earlierTexts, parseSettings } from './items.ts';

export function createDynamoSettingsStore({
  clients,
  tableName: TableName,
  readItems,
}: Table & { readItems: ReadItems }): SettingsStore {
  return {
    async read(subject) {
      const [item] = await readItems([settingsItemKey(subject)], { consistent: false });
      return item ? parseSettings(item) : {};
    },

    async change(subject, settings) {
      const update = clients.retrying.send(
        new UpdateCommand({
          TableName,
          Key: settingsItemKey(subject),
          ...setNamed({
            [names.timeZone]: settings.timeZone,
            [names.dayStart]: settings.dayStart,
            [names.earlier]: settings.earlier && earlierTexts(settings.earlier),
          }),
          ReturnValues: 'ALL_NEW',
        }),
      );
      const { Attributes = {} } = await update.catch((error: unknown) => {
        throw writeFailure(error);
      });
      return parseSettings(Attributes);
    },
  };
}

/** An update that sets the attributes which have a value. */
function setNamed(attributes: Readonly<Record<string, string | readonly string[] | undefined>>) {
  const named = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return {
    UpdateExpression: `SET ${named.map(([name]) => `${name} = :${name}`).join(', ')}`,
    ExpressionAttributeValues: Object.fromEntries(
      named.map(([name, value]) => [`:${name}`, value]),
    ),
  };
}
