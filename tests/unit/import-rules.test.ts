import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Who may know whom: a part under `src/` and the parts and packages that it may import. */
const pure: readonly string[] = ['zod', 'liquidjs'];
const domain: readonly string[] = ['db', 'ids.ts', 'ledger', 'platforms/port.ts', 'triggers', 'problem.ts'];

const rules: Record<string, { may?: readonly string[]; mayNot?: readonly string[] }> = {
  triggers: { may: pure },
  'platforms/instagram': { may: ['platforms/port.ts', 'node:', 'undici', 'zod'] },
  intake: {
    may: [
      ...domain,
      'deliveries/draft.ts',
      'deliveries/pacing.ts',
      'deliveries/serving.ts',
      'deliveries/wake.ts',
      'pg',
      'node:',
    ],
  },
  deliveries: { may: [...domain, 'loop.ts', 'pg', 'node:'] },
  backfill: {
    mayNot: ['api', 'workers', 'queue', 'fastify', 'bullmq', 'platforms/instagram', 'platforms/registry.ts'],
  },
  alerts: { may: ['db', 'ids.ts', 'pg'] },
  upkeep: { mayNot: ['api', 'workers', 'queue', 'intake', 'fastify', 'bullmq', 'platforms/instagram'] },
  queue: { may: ['ids.ts', 'bullmq', 'ioredis', 'node:', 'zod'] },
  workers: { may: ['deliveries', 'queue'] },
  // What a person may do about deliveries, and nothing that sends.
  api: {
    mayNot: [
      'workers',
      'deliveries/claim.ts',
      'deliveries/deliver.ts',
      'deliveries/scheduler.ts',
      'deliveries/store.ts',
      'platforms/instagram',
      'platforms/registry.ts',
      'pg',
      'undici',
    ],
  },
  catalog: {
    mayNot: ['api', 'workers', 'queue', 'fastify', 'bullmq', 'platforms/instagram', 'platforms/registry.ts'],
  },
  records: {
    mayNot: ['api', 'workers', 'queue', 'fastify', 'bullmq', 'platforms/instagram', 'platforms/registry.ts'],
  },
  workspaces: { may: ['crypto', 'db', 'ids.ts', 'node:'] },
  crypto: { may: ['node:'] },
  db: {
    mayNot: [
      'api',
      'workers',
      'queue',
      'intake',
      'deliveries',
      'catalog',
      'records',
      'platforms',
      'triggers',
    ],
  },
};

interface Import {
  from: string;
  /** Path below `src/`, or the package's name. */
  to: string;
}

function sourceFiles(): string[] {
  return readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('generated'))
    .map((file) => file.replaceAll(path.sep, '/'));
}

function importsOf(file: string): Import[] {
  const { module, program } = parseSync(file, readFileSync(path.join(root, 'src', file), 'utf8'));
  expect(program.body.length, `${file} is empty or does not parse`).toBeGreaterThan(0);
  const specifiers = [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) => entry.entries.flatMap((e) => e.moduleRequest?.value ?? [])),
    ...module.dynamicImports.map((entry) =>
      readFileSync(path.join(root, 'src', file), 'utf8')
        .slice(entry.moduleRequest.start, entry.moduleRequest.end)
        .replace(/^['"`]|['"`]$/g, ''),
    ),
  ];
  return specifiers.map((specifier) => ({
    from: file,
    to: specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : specifier,
  }));
}

function isUnder(target: string, place: string): boolean {
  return target === place || target.startsWith(place.endsWith(':') ? place : `${place}/`);
}

const files = sourceFiles();
const imports = files.flatMap(importsOf);

describe('the parts of src/', () => {
  it.each(Object.entries(rules))('%s knows only whom it may know', (part, { may, mayNot }) => {
    const outward = imports.filter(({ from, to }) => isUnder(from, part) && !isUnder(to, part));
    expect(files.some((file) => isUnder(file, part))).toBe(true);
    const wrong = outward.filter(({ to }) =>
      may ? !may.some((place) => isUnder(to, place)) : mayNot?.some((place) => isUnder(to, place)),
    );
    expect(wrong).toEqual([]);
  });

  it('do not import each other in circles', () => {
    const targets = Map.groupBy(imports, ({ from }) => from);
    const finished = new Set<string>();
    const visit = (file: string, trail: readonly string[]): void => {
      const start = trail.indexOf(file);
      if (start >= 0) expect.fail(`circle: ${[...trail.slice(start), file].join(' → ')}`);
      if (finished.has(file)) return;
      for (const { to } of targets.get(file) ?? []) visit(to, [...trail, file]);
      finished.add(file);
    };
    for (const file of files) visit(file, []);
  });

  it('leave the environment to start.ts and cli.ts, which read it through config.ts', () => {
    const readers = files.filter((file) =>
      /\bprocess\.env\b/.test(readFileSync(path.join(root, 'src', file), 'utf8')),
    );
    expect(readers.sort()).toEqual(['cli.ts', 'start.ts']);
  });
});
