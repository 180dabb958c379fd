// Waiting is always for a condition, and always bounded. TOGGLECAST_TEST_PATIENCE stretches every deadline
// (for sanitizer builds and busy machines).
const patience = Number(process.env.TOGGLECAST_TEST_PATIENCE ?? 1);

export const kDeadline = 30_000;

/** The promise's outcome, or an error naming `what` after `ms` milliseconds. */
export function within(promise, what, ms = kDeadline) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms * patience} ms`)), ms * patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks `condition` (may be async) again and again until its answer is truthy; that answer is returned. */
export async function until(condition, what, ms = kDeadline) {
  const end = performance.now() + ms * patience;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${ms * patience} ms`);
    await new Promise((next) => setTimeout(next, 10));
  }
}

/** The same for an attempt that costs something: half a second lies between two. */
export function untilTried(attempt, what, ms = kDeadline) {
  let next = 0;
  return until(async () => {
    if (performance.now() < next) return undefined;
    next = performance.now() + 500;
    return attempt();
  }, what, ms);
}

/** A queue one side fills and the other awaits. */
export class Inbox {
  #items = [];
  #waiting = [];
  #ended = '';

  push(item) {
    const waiter = this.#waiting.shift();
    if (waiter) waiter.give(item);
    else this.#items.push(item);
  }

  get size() {
    return this.#items.length;
  }

  /** Nothing more comes. A wait that goes on would keep the process alive until its deadline. */
  end(reason) {
    this.#ended = reason;
    for (const { fail } of this.#waiting.splice(0)) fail(new Error(reason));
  }

  next(what, ms = kDeadline) {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    if (this.#ended) return Promise.reject(new Error(`${what}: ${this.#ended}`));
    let waiter;
    const item = new Promise((give, fail) => this.#waiting.push((waiter = { give, fail })));
    return within(item, what, ms).catch((error) => {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      throw error;
    });
  }

  async take(count, what, ms = kDeadline) {
    const items = [];
    while (items.length < count) items.push(await this.next(`${what} (have ${items.length} of ${count})`, ms));
    return items;
  }
}
