/** CPU time and memory as the kernel counts them. Linux only: elsewhere there are no such figures. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes for programs whatever its own tick is. */
const ticksPerSecond = 100;

interface ProcessStat {
  parent: number;
  /** Own, and of children that have ended. */
  ticks: number;
}

function readStat(pid: number): ProcessStat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything; what follows is numbers.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const number = (index: number) => Number(fields[index]);
    return { parent: number(1), ticks: number(11) + number(12) + number(13) + number(14) };
  } catch {
    return null;
  }
}

const available = process.platform === 'linux';

/** @returns CPU seconds of each process and all its descendants so far; null where nobody counts */
export function cpuSeconds<Name extends string>(roots: Record<Name, number>): Record<Name, number> | null {
  if (!available) return null;
  const stats = new Map<number, ProcessStat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : null;
    if (stat) stats.set(Number(name), stat);
  }
  const children = Map.groupBy(stats.keys(), (pid) => stats.get(pid)?.parent ?? 0);
  const total = (pid: number): number =>
    (children.get(pid) ?? []).reduce((sum, child) => sum + total(child), stats.get(pid)?.ticks ?? 0);
  return mapValues(roots, (pid) => total(pid) / ticksPerSecond);
}

export interface Memory {
  residentMb: number;
  /** The most since the process began. */
  peakMb: number;
}

export function memoryOf(pid: number): Memory | null {
  if (!available) return null;
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    const megabytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
    return { residentMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') };
  } catch {
    return null;
  }
}

export function mapValues<Name extends string, From, To>(
  record: Record<Name, From>,
  map: (value: From, name: Name) => To,
): Record<Name, To> {
  const entries = Object.entries(record) as [Name, From][];
  return Object.fromEntries(entries.map(([name, value]) => [name, map(value, name)])) as Record<Name, To>;
}
