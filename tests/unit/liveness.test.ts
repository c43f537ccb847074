import { describe, expect, it } from 'vitest';
import { type Consumption, createLiveness } from '../../src/workers/liveness.ts';

const start = new Date('2026-11-23T12:00:00Z').getTime();
const idle = { waiting: 0, taken: 4, full: false };
const stuck = { waiting: 9, taken: 4, full: false };

/** Whether it counts as alive after these moments, ten seconds apart. */
function aliveAfter(...seen: (Consumption | null)[]): boolean {
  const liveness = createLiveness();
  seen.forEach((each, index) => {
    liveness.observe(each, new Date(start + index * 10_000));
  });
  return liveness.isConsuming();
}

const minute = (each: Consumption | null) => Array<Consumption | null>(8).fill(each);

describe('a worker', () => {
  it('is alive while nothing waits, however long', () => {
    expect(aliveAfter(...minute(idle), ...minute(idle))).toBe(true);
  });

  it('is not when jobs wait for a minute, it has room, and takes none', () => {
    expect(aliveAfter(...minute(stuck).slice(0, 6))).toBe(true);
    expect(aliveAfter(...minute(stuck))).toBe(false);
  });

  it('is while it takes some, or has its hands full', () => {
    expect(aliveAfter(...Array.from({ length: 12 }, (_, index) => ({ ...stuck, taken: index })))).toBe(true);
    expect(aliveAfter(...minute({ ...stuck, full: true }))).toBe(true);
  });

  it('is not to blame for a queue that cannot be asked', () => {
    expect(aliveAfter(stuck, ...minute(null))).toBe(true);
  });

  it('is alive again as soon as it takes a job', () => {
    expect(aliveAfter(...minute(stuck), { ...stuck, taken: 5 })).toBe(true);
  });
});
