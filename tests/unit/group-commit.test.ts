import { describe, expect, it } from 'vitest';
import { createGroupCommit, Overloaded } from '../../src/db/group-commit.ts';

function recorder(options: { fail?: (items: readonly number[]) => unknown; isolates?: boolean } = {}) {
  const flushes: number[][] = [];
  const gate: { release: () => void; held: Promise<void> }[] = [];
  const commits = createGroupCommit<number, string>({
    maxItems: 4,
    maxWaiting: 10,
    gatherMs: 0,
    isolates: () => options.isolates ?? true,
    async flush(items) {
      flushes.push([...items]);
      await gate.shift()?.held;
      const error = options.fail?.(items);
      if (error) throw error;
      return items.map((item) => `done ${item}`);
    },
  });
  function hold(): () => void {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    gate.push({ release, held });
    return release;
  }
  return { commits, flushes, hold };
}

describe('a group commit', () => {
  it('gives each caller the result of its own item', async () => {
    const { commits } = recorder();
    expect(await Promise.all([1, 2, 3].map((item) => commits.add(item)))).toEqual([
      'done 1',
      'done 2',
      'done 3',
    ]);
  });

  it('lets callers of the same moment share a flush', async () => {
    const { commits, flushes } = recorder();
    await Promise.all([1, 2, 3].map((item) => commits.add(item)));
    expect(flushes).toEqual([[1, 2, 3]]);
  });

  it('gathers those who come during a flush into the next, up to the limit', async () => {
    const { commits, flushes, hold } = recorder();
    const release = hold();
    const first = commits.add(0);
    await expect.poll(() => flushes.length).toBe(1);
    const others = [1, 2, 3, 4, 5].map((item) => commits.add(item));
    release();
    await Promise.all([first, ...others]);
    expect(flushes).toEqual([[0], [1, 2, 3, 4], [5]]);
  });

  it('fails only the guilty item when the error may be one item’s fault', async () => {
    const { commits } = recorder({ fail: (items) => (items.includes(3) ? new Error('three') : null) });
    const results = await Promise.allSettled([1, 2, 3, 4].map((item) => commits.add(item)));
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('fails all together, and at once, when it is nobody’s fault', async () => {
    const { commits, flushes } = recorder({ fail: () => new Error('down'), isolates: false });
    const results = await Promise.allSettled([1, 2, 3].map((item) => commits.add(item)));
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(flushes).toHaveLength(1);
  });

  it('works on after a failure', async () => {
    let down = true;
    const { commits } = recorder({ fail: () => (down ? new Error('down') : null), isolates: false });
    await expect(commits.add(1)).rejects.toThrow('down');
    down = false;
    await expect(commits.add(2)).resolves.toBe('done 2');
  });

  it('refuses more than may wait, and takes on again once there is room', async () => {
    const { commits, flushes, hold } = recorder();
    const release = hold();
    const first = commits.add(0);
    await expect.poll(() => flushes.length).toBe(1);
    const others = Array.from({ length: 10 }, (_, index) => commits.add(index + 1));
    await expect(commits.add(11)).rejects.toThrow(Overloaded);
    release();
    await Promise.all([first, ...others]);
    await expect(commits.add(12)).resolves.toBe('done 12');
  });
});
