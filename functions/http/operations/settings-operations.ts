/** HTTP operations on the settings of a subject. */
import type { Counters } from '../../counters/counters.ts';
import type { Calendar } from '../../rules/calendar.ts';
import type { Operation } from '../answer-request.ts';
import { bodyOf, parseSubject } from '../http-request.ts';
import { json } from '../responses.ts';
import { settingsBody } from '../schemas.ts';

export function createSettingsOperations({ calendars }: Counters) {
  const readSettings: Operation = async ({ params }) =>
    answer(await calendars.read(parseSubject(params.subject)));

  const changeSettings: Operation = async (request) => {
    const subject = parseSubject(request.params.subject);
    const body = bodyOf(request, settingsBody);
    const calendar = { timeZone: body.time_zone, dayStart: body.day_start };
    await calendars.set(subject, calendar);
    return answer(calendar);
  };

  return { readSettings, changeSettings };
}

const answer = ({ timeZone, dayStart }: Calendar) =>
  json(200, { time_zone: timeZone, day_start: dayStart }, { 'cache-control': 'no-store' });
