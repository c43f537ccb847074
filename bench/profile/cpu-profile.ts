/** A `.cpuprofile` as V8 writes it, summed up. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
}

interface RawProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
  startTime: number;
  endTime: number;
}

export interface Frame {
  name: string;
  /** `src/intake`, a package, `node`, or what V8 calls its own doings. */
  origin: string;
  /** File and line, for people. */
  place: string;
  selfMs: number;
  totalMs: number;
  children: Frame[];
}

export interface Profile {
  wallMs: number;
  /** Without waiting. */
  busyMs: number;
  root: Frame;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

export function readProfile(file: string): Profile {
  const raw = JSON.parse(readFileSync(file, 'utf8')) as RawProfile;
  const selfMs = new Map<number, number>();
  raw.samples.forEach((id, index) => {
    selfMs.set(id, (selfMs.get(id) ?? 0) + (raw.timeDeltas[index] ?? 0) / 1_000);
  });
  const nodes = new Map(raw.nodes.map((node) => [node.id, node]));
  const build = (id: number): Frame => {
    const node = nodes.get(id);
    // What the recording itself takes is not Fairdrop's.
    const children = (node?.children ?? [])
      .map(build)
      .filter((child) => child.totalMs > 0 && child.origin !== 'bench/subjects');
    const own = selfMs.get(id) ?? 0;
    const frame = node?.callFrame ?? { functionName: '', url: '', lineNumber: 0 };
    return {
      ...describe(frame),
      selfMs: own,
      totalMs: own + children.reduce((sum, child) => sum + child.totalMs, 0),
      children,
    };
  };
  const tree = build(raw.nodes[0]?.id ?? 0);
  const awake = { ...tree, children: tree.children.filter(({ name }) => name !== '(idle)') };
  const busyMs = awake.children.reduce((sum, child) => sum + child.totalMs, 0);
  return {
    wallMs: (raw.endTime - raw.startTime) / 1_000,
    busyMs,
    root: { ...awake, name: 'all', totalMs: busyMs },
  };
}

function describe({ functionName, url, lineNumber }: CallFrame): Pick<Frame, 'name' | 'origin' | 'place'> {
  const file = url.startsWith('file:') ? fileURLToPath(url).replace(root, '') : url;
  const name = functionName || '(anonymous)';
  if (file === '') return { name, origin: name.startsWith('(') ? name : '(V8)', place: '' };
  return { name, origin: originOf(file), place: `${shorten(file)}:${lineNumber + 1}` };
}

function originOf(file: string): string {
  const inner = file.split('node_modules/').at(-1) ?? file;
  if (file.includes('node_modules/')) return /^(@[^/]+\/)?[^/]+/.exec(inner)?.[0] ?? inner;
  if (file.startsWith('node:')) return 'node';
  return file.split('/').slice(0, 2).join('/');
}

const shorten = (file: string) => file.split('node_modules/').at(-1) ?? file;

/** @returns milliseconds of self time by the key of a frame, the largest first */
export function selfTimes({ root }: Profile, keyOf: (frame: Frame) => string): [string, number][] {
  const sums = new Map<string, number>();
  const visit = (frame: Frame) => {
    if (frame.selfMs > 0) sums.set(keyOf(frame), (sums.get(keyOf(frame)) ?? 0) + frame.selfMs);
    frame.children.forEach(visit);
  };
  root.children.forEach(visit);
  return [...sums].sort(([, a], [, b]) => b - a);
}

/**
 * Time in functions of our own with everything that they call, each call stack counted once.
 * @returns milliseconds by function, the largest first
 */
export function totalTimes({ root }: Profile): [string, number][] {
  const sums = new Map<string, number>();
  const visit = (frame: Frame, above: ReadonlySet<string>) => {
    const key = `${frame.name} ${frame.place}`;
    const own = frame.origin.startsWith('src/') && !above.has(key);
    if (own) sums.set(key, (sums.get(key) ?? 0) + frame.totalMs);
    const seen = own ? new Set([...above, key]) : above;
    for (const child of frame.children) visit(child, seen);
  };
  for (const child of root.children) visit(child, new Set());
  return [...sums].sort(([, a], [, b]) => b - a);
}
