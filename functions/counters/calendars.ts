/** When the days of a subject begin: its own settings, or the deployment's. */
import { LRUCache } from 'lru-cache';
import type { Calendar } from '../rules/calendar.ts';
import { limits } from '../rules/limits.ts';
import { needsCalendar, type WindowKind } from '../rules/windows.ts';
import type { CounterContext } from './counter-context.ts';

export interface Calendars {
  /**
   * The calendar of a subject, at most a minute old.
   * @param windows windows that are to be computed: the settings are looked up only if these need it
   * @throws StoreUnavailableError
   */
  of(subject: string, windows?: readonly WindowKind[]): Promise<Calendar>;
  /** Gives a subject a calendar of its own. @throws StoreUnavailableError, OutcomeUnknownError */
  set(subject: string, calendar: Calendar): Promise<void>;
}

export function createCalendars({ store, config, now }: CounterContext): Calendars {
  const { timeZone, dayStart } = config.settings;
  const usual: Calendar = { timeZone, dayStart };
  const remembered = new LRUCache<string, { calendar: Calendar; readAtMs: number }>({
    max: limits.rememberedCounters,
  });
  const remember = (subject: string, calendar: Calendar) =>
    remembered.set(subject, { calendar, readAtMs: now() });

  return {
    async of(subject, windows = ['day']) {
      if (!needsCalendar(windows)) return usual;
      const memory = remembered.get(subject);
      if (memory && now() - memory.readAtMs < limits.settingsCacheSeconds * 1000) {
        return memory.calendar;
      }
      const calendar = (await store.readSettings(subject)) ?? usual;
      remember(subject, calendar);
      return calendar;
    },

    async set(subject, calendar) {
      await store.writeSettings(subject, calendar);
      remember(subject, calendar);
    },
  };
}
