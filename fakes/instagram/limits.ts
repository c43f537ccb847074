/** Counts calls in a sliding window. A limit of `Infinity` counts nothing. */
export class SlidingWindow {
  readonly limit: number;
  readonly windowMs: number;
  #times: number[] = [];
  #head = 0;

  constructor(limit: number, windowMs: number) {
    this.limit = limit;
    this.windowMs = windowMs;
  }

  /** null: counted. Otherwise the milliseconds until there is room; a refused call is not counted. */
  take(nowMs: number): number | null {
    if (this.limit === Number.POSITIVE_INFINITY) return null;
    const waitMs = this.waitMs(nowMs);
    if (waitMs > 0) return waitMs;
    this.#times.push(nowMs);
    return null;
  }

  /** Milliseconds until there is room; 0 when there is. */
  waitMs(nowMs: number): number {
    if (this.used(nowMs) < this.limit) return 0;
    const oldest = this.#times[this.#head];
    return oldest === undefined ? this.windowMs : oldest + this.windowMs - nowMs;
  }

  used(nowMs: number): number {
    const times = this.#times;
    while (this.#head < times.length && times[this.#head]! <= nowMs - this.windowMs) this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > times.length) {
      this.#times = times.slice(this.#head);
      this.#head = 0;
    }
    return this.#times.length - this.#head;
  }

  usedPercent(nowMs: number): number {
    return this.limit > 0 && Number.isFinite(this.limit)
      ? Math.floor((100 * this.used(nowMs)) / this.limit)
      : 0;
  }
}

/** Graph API, "Rate Limits": percentages, and minutes until access is regained. */
export const appUsage = '{"call_count":1,"total_time":1,"total_cputime":1}';

export function businessUsage(accountId: string | undefined, callPercent: number, minutes: number): string {
  if (accountId === undefined) return '{}';
  return (
    `{"${accountId}":[{"type":"instagram","call_count":${callPercent},"total_cputime":1,"total_time":1,` +
    `"estimated_time_to_regain_access":${minutes}}]}`
  );
}
