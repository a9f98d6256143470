/** When the days of a subject begin: its own settings, or the deployment's. */
import { LRUCache } from 'lru-cache';
import type { Calendar } from '../rules/calendar.ts';
import { limits } from '../rules/limits.ts';
import { needsCalendar, type WindowKind } from '../rules/windows.ts';
import type { SettingsStore } from '../store/settings-store.ts';
import type { CounterContext } from './counter-context.ts';

export interface Calendars {
  /**
   * The calendar of a subject, at most a minute old.
   * @param windows windows that are to be computed: the settings are looked up only if these need it
   * @throws StoreUnavailableError
   */
  of(subject: string, windows?: readonly WindowKind[]): Promise<Calendar>;
  /** The calendar of a subject as it is stored now. @throws StoreUnavailableError */
  read(subject: string): Promise<Calendar>;
  /** Gives a subject a calendar of its own. @throws StoreUnavailableError, OutcomeUnknownError */
  set(subject: string, calendar: Calendar): Promise<void>;
}

export function createCalendars({
  store,
  config,
  now,
}: { store: SettingsStore } & Pick<CounterContext, 'config' | 'now'>): Calendars {
  const { timeZone, dayStart } = config.settings;
  const usual: Calendar = { timeZone, dayStart };
  /** Promises, so that callers who come at the same time share one look-up. */
  const remembered = new LRUCache<string, { calendar: Promise<Calendar>; readAtMs: number }>({
    max: limits.rememberedCounters,
  });

  function read(subject: string): Promise<Calendar> {
    const calendar = store.read(subject).then((found) => found ?? usual);
    const memory = { calendar, readAtMs: now() };
    remembered.set(subject, memory);
    calendar.catch(() => remembered.peek(subject) === memory && remembered.delete(subject));
    return calendar;
  }

  return {
    read,

    async of(subject, windows = ['day']) {
      if (!needsCalendar(windows)) return usual;
      const memory = remembered.get(subject);
      const isFresh = memory && now() - memory.readAtMs < limits.settingsCacheSeconds * 1000;
      return isFresh ? memory.calendar : read(subject);
    },

    async set(subject, calendar) {
      await store.write(subject, calendar);
      remembered.set(subject, { calendar: Promise.resolve(calendar), readAtMs: now() });
    },
  };
}
