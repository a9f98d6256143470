/** What subjects have set for themselves. */
import type { Calendar, EarlierCalendar } from '../rules/calendar.ts';

/** What is not set follows the deployment. */
export interface SubjectSettings {
  readonly timeZone?: Calendar['timeZone'] | undefined;
  readonly dayStart?: Calendar['dayStart'] | undefined;
  /** What was in force before, oldest first. */
  readonly earlier?: readonly EarlierCalendar[] | undefined;
}

export interface SettingsStore {
  /** The settings of a subject. @throws StoreUnavailableError */
  read(subject: string): Promise<SubjectSettings>;
  /**
   * Sets what is named, in one write: two requests that set different things both hold.
   * @returns all settings, as they are then
   * @throws OutcomeUnknownError, StoreUnavailableError
   */
  change(subject: string, settings: SubjectSettings): Promise<SubjectSettings>;
}
