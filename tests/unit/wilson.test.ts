import { describe, expect, it } from 'vitest';
import { wilson } from '../../src/records/wilson.ts';

describe('the interval of a share', () => {
  // Reference values: R, prop.test(x, n, correct = FALSE).
  it.each([
    [0, 10, 0, 0.2775],
    [5, 10, 0.2366, 0.7634],
    [10, 10, 0.7225, 1],
    [81, 263, 0.2553, 0.3662],
    [1, 1, 0.2065, 1],
  ])('%i of %i', (hits, of, low, high) => {
    expect(wilson(hits, of).low).toBeCloseTo(low, 4);
    expect(wilson(hits, of).high).toBeCloseTo(high, 4);
  });

  it('is everything where nothing was counted', () => {
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});
