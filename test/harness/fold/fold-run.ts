/** Runs a history to its end, where everything is replicated and folded, and says what is wrong. */
import { type History, lifetime, type Step, windowsOf } from './fold-history.ts';
import { countsOf, type Holding, holdingsOf, partName, World } from './fold-model.ts';
import type { FoldRule } from './fold-rule.ts';

type ModelRegion = World['regions'][number];
type StepTo<Name extends Step['do']> = Extract<Step, { readonly do: Name }>;

/** @returns everything that is not as it must be: nothing if the rule is right */
export function violations(history: History, rule: FoldRule): string[] {
  const run = new Run(history, rule);
  return [...run.wrongCells(), ...run.wrongTotals()];
}

class Run {
  readonly #history: History;
  readonly #world: World;
  /** How often each token was accepted. */
  readonly #accepted = new Map<number, number>();
  readonly #forgotten = new Set<string>();
  #acceptedAfterExpiry = false;

  constructor(history: History, rule: FoldRule) {
    this.#history = history;
    this.#world = new World({ rule, ...history });
    for (const step of history.steps) this.#take(step);
    this.#comeToRest();
  }

  /** The cells of a region must equal what the items of that region count, or counted until they expired. */
  wrongCells(): string[] {
    return this.#world.regions.flatMap(({ name, replica, cells, expired }) => {
      const facts = [...replica.values()].flatMap(({ fact }) => fact ?? []);
      const own = facts.filter(({ region }) => region === name);
      return differences(name, {
        expected: sums([...own.flatMap(countsOf), ...expired]),
        actual: sums([...cells.values()].flatMap(holdingsOf)),
      });
    });
  }

  /** Over all regions, a counter must be the sum of its distinct tokens, in each kind of window. */
  wrongTotals(): string[] {
    const { regions } = this.#world;
    const isAlone = regions.length === 1;
    // A token that is used again after it was forgotten is a new one, but not to all regions.
    if (this.#acceptedAfterExpiry && !isAlone) return [];
    const tokens = [...this.#accepted].flatMap(([token, times]) => {
      const { subject, counter, amount } = at(this.#history.changes, token);
      return windowsOf[counter]('day').map((window) => ({
        cell: { subject, counter, window },
        amount: isAlone ? amount * times : amount,
      }));
    });
    const held = regions.flatMap((region) => [...region.cells.values()].flatMap(holdingsOf));
    const ofTokens = held.filter(({ cell }) => cell.counter in windowsOf);
    return differences('all regions', {
      expected: sums(tokens),
      actual: sums(
        ofTokens.map((delta) => ({
          ...delta,
          cell: { ...delta.cell, window: delta.cell.window === '-' ? '-' : 'day' },
        })),
      ),
    });
  }

  #take(step: Step): void {
    const world = this.#world;
    switch (step.do) {
      case 'accept':
        this.#accept(step);
        break;
      case 'choose':
        this.#choose(step);
        break;
      case 'leave':
        this.#leave(step);
        break;
      case 'wait':
        world.wait(step.seconds, (region, shard) => this.#deliverAll(region, shard));
        break;
      case 'expire':
        this.#expire(step);
        break;
      case 'replicate':
        for (const number of step.messages) {
          if (world.messages.length > 0) world.deliver(at(world.messages, number));
        }
        break;
      case 'cut off or reconnect': {
        const region = at(world.regions, step.region);
        region.isCutOff = !region.isCutOff;
        break;
      }
      case 'split the streams':
        world.splitStreams();
        break;
      case 'grow':
        world.grow(at(world.regions, step.region), step.counter, step);
        break;
      case 'invoke':
        this.#invoke(step);
        break;
      case 'call':
        for (const turn of step.turns) this.#call(turn);
        break;
      case 'complete':
        if (world.invocations.length > 0) {
          world.complete(latest(world.invocations, step.invocation));
        }
        break;
    }
  }

  /** A put that is conditional on this region's replica, alone or in a transaction with a cell. */
  #accept(step: StepTo<'accept'>): void {
    const region = at(this.#world.regions, step.region);
    const token = step.token % this.#history.changes.length;
    const item = `token-${token}`;
    if (this.#world.factIn(region, item)) return;
    const { subject, counter, amount } = at(this.#history.changes, token);
    const windows = windowsOf[counter](step.day);
    const fact = {
      subject,
      region: region.name,
      contributions: windows.map((window) => ({ counter, window, amount })),
      firstApplied: step.applied,
      expiresAt: this.#world.now + lifetime,
    };
    const [first] = countsOf(fact);
    if (step.applied && first) this.#world.addAtOnce(region, first, step.shard);
    this.#world.write(region, item, fact);
    this.#accepted.set(token, (this.#accepted.get(token) ?? 0) + 1);
    this.#acceptedAfterExpiry ||= this.#forgotten.has(item);
  }

  /** A reaction, which stays, or a heartbeat, which expires: a member counts in one part at a time. */
  #choose({ region: number, member, choice, expires, windows }: StepTo<'choose'>): void {
    const region = at(this.#world.regions, number);
    this.#world.write(region, member, {
      subject: 'post-1',
      region: region.name,
      contributions: windows.map((window) => ({
        counter: 'reactions',
        window,
        part: choice,
        amount: 1,
      })),
      firstApplied: false,
      expiresAt: expires ? this.#world.now + lifetime : undefined,
    });
  }

  #leave({ region: number, member }: StepTo<'leave'>): void {
    const region = at(this.#world.regions, number);
    if (this.#world.factIn(region, member)) this.#world.write(region, member, undefined);
  }

  #expire({ region: number, item: itemNumber }: StepTo<'expire'>): void {
    const region = at(this.#world.regions, number);
    const items = [...region.replica.keys()];
    if (items.length === 0) return;
    const item = at(items, itemNumber);
    if (this.#world.expire(region, item)) this.#forgotten.add(item);
  }

  #invoke({ region: number, shard: shardNumber, batches }: StepTo<'invoke'>): void {
    const region = at(this.#world.regions, number);
    const waiting = region.stream.filter((shard) => shard.acknowledged < shard.changes.length);
    if (waiting.length === 0) return;
    const shard = latest(waiting, shardNumber);
    for (const batch of batches) this.#world.invoke(region, shard, batch);
  }

  #call({ invocation, cell }: StepTo<'call'>['turns'][number]): void {
    if (this.#world.invocations.length === 0) return;
    const { calls } = latest(this.#world.invocations, invocation);
    if (calls.length > 0) at(calls, cell).next();
  }

  #deliverAll(region: ModelRegion, shard: ModelRegion['stream'][number]): void {
    for (let turn = 0; shard.acknowledged < shard.changes.length; turn++) {
      const batch = at(this.#history.lastBatches, turn);
      this.#world.complete(this.#world.invoke(region, shard, batch));
    }
  }

  #comeToRest(): void {
    const world = this.#world;
    const interrupted = [...world.invocations];
    for (const region of world.regions) region.isCutOff = false;
    while (world.messages.length > 0) world.deliver(at(world.messages, 0));
    for (const region of world.regions) {
      for (const shard of region.stream) this.#deliverAll(region, shard);
    }
    // Functions that everybody took for dead wake up: what they still do must change nothing.
    for (const invocation of interrupted) world.complete(invocation);
  }
}

type Sums = ReadonlyMap<string, number>;

function sums(deltas: readonly Holding[]): Sums {
  const totals = new Map<string, number>();
  for (const delta of deltas) {
    const name = partName(delta);
    totals.set(name, (totals.get(name) ?? 0) + delta.amount);
  }
  return totals;
}

function differences(
  where: string,
  { expected, actual }: { expected: Sums; actual: Sums },
): string[] {
  const names = new Set([...expected.keys(), ...actual.keys()]);
  return [...names].flatMap((name) => {
    const [wanted = 0, found = 0] = [expected.get(name), actual.get(name)];
    return wanted === found ? [] : [`${where}: ${name} is ${found}, must be ${wanted}`];
  });
}

/** The element that a number chooses; the list must not be empty. */
function at<Element>(list: readonly Element[], number: number): Element {
  return list[number % list.length] as Element;
}

/** Counted from the end. */
const latest = <Element>(list: readonly Element[], number: number): Element =>
  at(list, list.length - 1 - (number % list.length));
