import { validate, version } from 'uuid';
import { expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';

it('an id is a UUIDv7 of now, and above all that were made before', () => {
  const before = Date.now();
  const ids = Array.from({ length: 50_000 }, newId);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids.slice(0, 300)) {
    expect([validate(id), version(id)]).toEqual([true, 7]);
    const madeAtMs = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
    expect(madeAtMs).toBeGreaterThanOrEqual(before);
    expect(madeAtMs).toBeLessThanOrEqual(Date.now());
  }
});
