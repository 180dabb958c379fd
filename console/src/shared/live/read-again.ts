// Reads a query again some time after it has become old: once for many changes, and never while it is being read.
import type { QueryClient, QueryKey } from '@tanstack/react-query';

export class ReadAgain {
  #queries: QueryClient;
  #key: QueryKey;
  #pause: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `pause`: ms from the first change to the reading. */
  constructor(queries: QueryClient, key: QueryKey, pause: number | (() => number)) {
    this.#queries = queries;
    this.#key = key;
    this.#pause = typeof pause === 'number' ? () => pause : pause;
  }

  soon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // The answer on its way may not have the change, and to ask anew each time would never end.
      if (this.#queries.isFetching({ queryKey: this.#key })) this.soon();
      else void this.#queries.invalidateQueries({ queryKey: this.#key });
    }, this.#pause());
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
