/** What a worker process sees of its queue at one moment. */
export interface Consumption {
  /** Jobs that wait for any worker. */
  waiting: number;
  /** Jobs that this process has taken since it started. */
  taken: number;
  /** Whether this process has as many under way as it may. */
  full: boolean;
}

/** Jobs wait, there is room, and none is taken: after this long it is no coincidence. */
const silenceMs = 60_000;

/**
 * Liveness is measured by consumption: a worker whose connection is stuck answers every ping and takes no job. One that
 * does not is to be restarted.
 */
export interface Liveness {
  /** @param seen null where the queue could not be asked: a restart would not help then */
  observe(seen: Consumption | null, now: Date): void;
  isConsuming(): boolean;
}

export function createLiveness(): Liveness {
  let taken = -1;
  let silentSince: Date | null = null;
  let consuming = true;
  return {
    observe(seen, now) {
      const silent = seen !== null && seen.waiting > 0 && !seen.full && seen.taken === taken;
      if (!silent) silentSince = null;
      else silentSince ??= now;
      taken = seen?.taken ?? taken;
      consuming = silentSince === null || now.getTime() - silentSince.getTime() < silenceMs;
    },
    isConsuming: () => consuming,
  };
}
