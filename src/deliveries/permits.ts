/** Bounds how much is under way at once; who comes first is served first. */
export interface Permits {
  /** Resolves when there is room for so many. */
  take(count: number): Promise<void>;
  give(count: number): void;
}

/** @param total at least as many as anybody takes at once */
export function createPermits(total: number): Permits {
  let free = total;
  const waiting: { count: number; proceed: () => void }[] = [];

  function admit(): void {
    for (let next = waiting[0]; next && next.count <= free; next = waiting[0]) {
      waiting.shift();
      free -= next.count;
      next.proceed();
    }
  }

  return {
    take(count) {
      return new Promise((proceed) => {
        waiting.push({ count, proceed });
        admit();
      });
    },
    give(count) {
      free += count;
      admit();
    },
  };
}
