import type { Figures } from './compare.ts';

/** A figure that has to be at least, or at most, some value. */
export interface Goal {
  name: string;
  value(figures: Figures): number | null;
  bound: 'at least' | 'at most';
  goal: number;
  /** What `--quick`, and with it CI, asks: generous, because it runs anywhere and beside anything; still, what becomes three times as slow breaks it. */
  floor: number;
  unit: '×' | 'ms' | 'CPU-s' | 'MB';
}

/** The only place where goals and floors stand. */
export const goals: readonly Goal[] = [
  goal('acknowledgements, 10 % matching / bare receiver', (f) => f.acksTenPercent, 'at least', 0.5, 0.04),
  goal('acknowledgements, all matching / bare receiver', (f) => f.acksAllMatching, 'at least', 0.25, 0.02),
  goal('acknowledgement p99, 10 % matching', (f) => f.ackP99TenPercent, 'at most', 60, 2_000, 'ms'),
  goal('acknowledgement p99, all matching', (f) => f.ackP99AllMatching, 'at most', 60, 2_000, 'ms'),
  goal('one request with 500 comments', (f) => f.oneRequestMs, 'at most', 60, 3_000, 'ms'),
  goal('DMs/s at 0 ms / bare loop', (f) => f.dmsFast, 'at least', 1.2, 0.15),
  goal('DMs/s at 50 ms / bare loop', (f) => f.dmsSlow, 'at least', 1.6, 0.25),
  goal('DMs/s without Redis / bare loop on Redis', (f) => f.dmsWithoutRedis, 'at least', 0.8, 0.08),
  goal('CPU per 1,000 DMs', (f) => f.cpuPerThousand, 'at most', 0.6, 3, 'CPU-s'),
  goal('memory of the api', (f) => f.apiMemoryMb, 'at most', 200, 300, 'MB'),
  goal('memory of the worker', (f) => f.workerMemoryMb, 'at most', 200, 300, 'MB'),
  goal('low load, comment to DM p50', (f) => f.lowLoadP50, 'at most', 12, 500, 'ms'),
  goal('low load, comment to DM p99', (f) => f.lowLoadP99, 'at most', 50, 3_000, 'ms'),
];

function goal(
  name: string,
  value: Goal['value'],
  bound: Goal['bound'],
  goal: number,
  floor: number,
  unit: Goal['unit'] = '×',
): Goal {
  return { name, value, bound, goal, floor, unit };
}

/** @returns null where the figure could not be measured on this machine */
export function holds({ bound }: Goal, value: number | null, limit: number): boolean | null {
  if (value === null) return null;
  return bound === 'at least' ? value >= limit : value <= limit;
}
