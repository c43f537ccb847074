import { expect, it } from 'vitest';
import { createPermits } from '../../src/deliveries/permits.ts';

it('lets so many in at once, the others in the order in which they came', async () => {
  const permits = createPermits(10);
  const entered: string[] = [];
  const enter = (name: string, count: number) => permits.take(count).then(() => entered.push(name));
  const all = [enter('six', 6), enter('eight', 8), enter('one', 1), enter('three', 3)];
  await all[0];
  await new Promise((resolve) => setImmediate(resolve));
  // One would fit, and does not overtake.
  expect(entered).toEqual(['six']);
  permits.give(6);
  await Promise.all([all[1], all[2]]);
  expect(entered).toEqual(['six', 'eight', 'one']);
  permits.give(8);
  await all[3];
  expect(entered).toEqual(['six', 'eight', 'one', 'three']);
});
