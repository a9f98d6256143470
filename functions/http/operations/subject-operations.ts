/** HTTP operations on a subject as a whole: its counters, and its settings. */
import type { Counters } from '../../counters/counters.ts';
import type { NamedCounter } from '../../counters/named-counter.ts';
import type { Calendar } from '../../rules/calendar.ts';
import { itemsOfWindow, readWeight } from '../../rules/caller-limits.ts';
import { accessProblem, charge, counterNeed } from '../authorise.ts';
import { cacheControl, createCounterReads } from '../counter-answers.ts';
import type { HttpRequest } from '../http-request.ts';
import type { Operation } from '../operation.ts';
import { parseSubject } from '../parse-names.ts';
import { Problem } from '../problem.ts';
import { inputOf } from '../request-input.ts';
import { json, problemBody } from '../responses.ts';
import { settingsBody } from '../schemas/counter-requests.ts';

export function createSubjectOperations(counters: Counters) {
  const { calendars, config } = counters;
  const read = createCounterReads(counters);
  const definitions = [...config.counters];
  const isPublic = definitions.every(([, { access }]) => access.read === 'public');
  const { readCacheSeconds } = config.settings;

  /** What a counter answers. One that has no answer gets its problem, and does not fail the others. */
  async function entryOf(counter: NamedCounter): Promise<[name: string, answer: object]> {
    try {
      return [counter.counter, await read(counter, { consistent: false })];
    } catch (error) {
      if (error instanceof Problem) return [counter.counter, problemBody(error)];
      throw error;
    }
  }

  /** All counters are read at once, so the slowest one decides and the store merges their calls. */
  const readSubject: Operation = async (request) => {
    const subject = parseSubject(request.params.subject);
    const all = definitions.map(([counter, definition]) => ({ subject, counter, definition }));
    const readable = await readableOf(request, all);
    inputOf(request, {});
    const items = readable.reduce((sum, it) => sum + itemsOfWindow(it.definition.kind), 0);
    await charge(request, { reads: readWeight(items) });
    const entries = await Promise.all(readable.map(entryOf));
    return json(
      200,
      { subject, counters: Object.fromEntries(entries) },
      cacheControl({ isPublic, consistent: false, readCacheSeconds }),
    );
  };

  const readSettings: Operation = async (request) => {
    const subject = parseSubject(request.params.subject);
    inputOf(request, {});
    return settingsResponse(await calendars.read(subject));
  };

  const changeSettings: Operation = async (request) => {
    const subject = parseSubject(request.params.subject);
    const { time_zone: timeZone, day_start: dayStart } = inputOf(request, {
      body: settingsBody,
    }).body;
    return settingsResponse(await calendars.change(subject, { timeZone, dayStart }));
  };

  return { readSubject, readSettings, changeSettings };
}

/**
 * The counters that the caller may read. Those that it may not are left out, unless that leaves none:
 * then it is refused like a read of any one of them. A credential that is not valid is refused in any
 * case, so that an answer without the private counters never looks like all of them.
 *
 * @throws Problem key_required, invalid_key, forbidden, rate_limited; StoreUnavailableError
 */
async function readableOf(
  { access }: HttpRequest,
  counters: readonly NamedCounter[],
): Promise<NamedCounter[]> {
  const answers = await Promise.all(
    counters.map((counter) => access.authorise(counterNeed('read', counter))),
  );
  const readable = counters.filter((_, index) => answers[index]?.ok);
  const refusals = answers.flatMap((answer) => (answer.ok ? [] : [answer]));
  const isLeftOut = (code: string) => code === 'forbidden' || code === 'key_required';
  const refusal = refusals.find(({ code }) => readable.length === 0 || !isLeftOut(code));
  if (refusal) throw accessProblem(refusal);
  return readable;
}

const settingsResponse = ({ timeZone, dayStart }: Calendar) =>
  json(200, { time_zone: timeZone, day_start: dayStart });
