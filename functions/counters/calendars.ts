/** When the days and hours of a subject begin: by its own settings, or by the deployment's. */
import { LRUCache } from 'lru-cache';
import type { SubjectCalendar } from '../rules/calendar.ts';
import { limits } from '../rules/limits.ts';
import { needsCalendar, type WindowKind } from '../rules/windows.ts';
import type { SettingsStore, SubjectSettings } from '../store/settings-store.ts';
import type { CounterContext } from './counter-context.ts';

export interface Calendars {
  /**
   * The calendar of a subject, at most a minute old.
   * @param windows what the calendar is for: the settings are read for days and hours only
   * @throws StoreUnavailableError
   */
  of(subject: string, windows?: readonly WindowKind[]): Promise<SubjectCalendar>;
  /** The calendar of a subject as it is stored now. @throws StoreUnavailableError */
  read(subject: string): Promise<SubjectCalendar>;
  /**
   * Changes what a subject has set for itself; what is left out stays.
   * @returns its calendar from now on
   * @throws StoreUnavailableError, OutcomeUnknownError
   */
  change(subject: string, settings: SubjectSettings): Promise<SubjectCalendar>;
}

export function createCalendars({
  store,
  config,
  now,
}: { store: SettingsStore } & Pick<CounterContext, 'config' | 'now'>): Calendars {
  const { timeZone, dayStart } = config.settings;
  const defaultCalendar: SubjectCalendar = { timeZone, dayStart, earlier: [] };
  /** Promises, so that requests at the same time share one look-up. */
  const cache = new LRUCache<string, { calendar: Promise<SubjectCalendar>; readAtMs: number }>({
    max: limits.rememberedCounters,
  });

  const withDefaults = (own: SubjectSettings): SubjectCalendar => ({
    timeZone: own.timeZone ?? defaultCalendar.timeZone,
    dayStart: own.dayStart ?? defaultCalendar.dayStart,
    earlier: own.earlier ?? defaultCalendar.earlier,
  });

  /** What is remembered of a calendar that is replaced; undefined if it stays the same. */
  function earlierOf(
    before: SubjectCalendar,
    { timeZone: zone, dayStart: start }: SubjectSettings,
  ) {
    const isSame =
      (zone ?? before.timeZone) === before.timeZone &&
      (start ?? before.dayStart) === before.dayStart;
    if (isSame) return undefined;
    const { earlier, ...replaced } = before;
    // Other functions may count by it as long as they remember it.
    const untilMs = now() + limits.settingsCacheSeconds * 1000;
    return [...earlier, { ...replaced, untilMs }].slice(-limits.earlierCalendars);
  }

  function read(subject: string): Promise<SubjectCalendar> {
    const calendar = store.read(subject).then(withDefaults);
    const entry = { calendar, readAtMs: now() };
    cache.set(subject, entry);
    calendar.catch(() => cache.peek(subject) === entry && cache.delete(subject));
    return calendar;
  }

  return {
    read,

    async of(subject, windows = ['day']) {
      if (!needsCalendar(windows)) return defaultCalendar;
      const entry = cache.get(subject);
      const isFresh = entry && now() - entry.readAtMs < limits.settingsCacheSeconds * 1000;
      return isFresh ? entry.calendar : read(subject);
    },

    async change(subject, settings) {
      const isEmpty = settings.timeZone === undefined && settings.dayStart === undefined;
      if (isEmpty) return read(subject);
      const earlier = earlierOf(withDefaults(await store.read(subject)), settings);
      const calendar = withDefaults(await store.change(subject, { ...settings, earlier }));
      cache.set(subject, { calendar: Promise.resolve(calendar), readAtMs: now() });
      return calendar;
    },
  };
}
