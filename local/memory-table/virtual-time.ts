/**
 * Time that passes only when everybody waits. Whatever waits is woken one after another in the order
 * of its time, so a seed decides how concurrent work interleaves, and 48 hours take seconds.
 */
export class VirtualTime {
  #nowMs: number;
  #made = 0;
  /** A heap by time, and by the order in which they came at the same time. */
  readonly #waiting: Waiting[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Epoch ms. */
  readonly now = (): number => this.#nowMs;

  readonly pause = (ms: number): Promise<void> => new Promise((resolve) => this.later(ms, resolve));

  /** Calls back after that many ms, while something runs. */
  later(ms: number, wake: () => void): void {
    push(this.#waiting, { atMs: this.#nowMs + Math.max(0, ms), order: this.#made++, wake });
  }

  /**
   * Lets time pass until the work is done.
   *
   * @throws if the work waits for what will never happen
   */
  async run<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const settled = work.finally(() => {
      isOver = true;
    });
    // Its error is the caller's, below.
    settled.catch(() => {});
    for (;;) {
      await everybodyWaits();
      if (isOver) return settled;
      if (!this.#wakeNext()) throw new Error('everything waits, and nothing will happen');
    }
  }

  /** Lets everything happen that is still to come, such as duplicates of calls that are under way. */
  async runOut(): Promise<void> {
    do await everybodyWaits();
    while (this.#wakeNext());
  }

  #wakeNext(): boolean {
    const next = pop(this.#waiting);
    if (!next) return false;
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.wake();
    return true;
  }
}

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Resolves when all promises and ticks that are due have run. */
const everybodyWaits = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isBefore = (a: Waiting, b: Waiting): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

function push(heap: Waiting[], added: Waiting): void {
  let index = heap.length;
  heap.push(added);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (!parent || !isBefore(added, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = added;
}

function pop(heap: Waiting[]): Waiting | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    const left = heap[2 * index + 1];
    const right = heap[2 * index + 2];
    const isRight = left && right && isBefore(right, left);
    const child = isRight ? right : left;
    if (!child || !isBefore(child, last)) break;
    heap[index] = child;
    index = 2 * index + (isRight ? 2 : 1);
  }
  heap[index] = last;
  return first;
}
