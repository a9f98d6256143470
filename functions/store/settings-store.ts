/** What subjects have set for themselves. */
import type { Calendar } from '../rules/calendar.ts';

export type SubjectSettings = Calendar;

export interface SettingsStore {
  /** The settings of a subject; undefined if it has none. @throws StoreUnavailableError */
  read(subject: string): Promise<SubjectSettings | undefined>;
  /** @throws OutcomeUnknownError, StoreUnavailableError */
  write(subject: string, settings: SubjectSettings): Promise<void>;
}
