import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const text = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');

/** The blocks one level below a line that reads `name:`, by their own names. */
function blocksBelow(name: string): Map<string, string> {
  const [, body = ''] = text.split(new RegExp(`^${name}:.*\\n`, 'm'));
  const [own = ''] = body.split(/^\S/m);
  const blocks = Array.from(own.matchAll(/^ {2}([\w-]+):.*\n((?: {3,}.*\n|\s*\n)*)/gm));
  return new Map(blocks.map(([, key = '', block = '']) => [key, block]));
}

/** A service's own settings, and those of the anchor that it merges. */
function settingsOf(service: string): Record<string, string> {
  const read = (block: string, indent: string) =>
    Array.from(block.matchAll(new RegExp(`^${indent}([\\w-]+): *(.*)$`, 'gm')), ([, key, value]) => [
      key,
      value,
    ]);
  const [, anchor] = service.match(/^ {4}<<: \*([\w-]+)$/m) ?? [];
  const [, shared = ''] = text.match(new RegExp(`&${anchor}\\n((?: {2}.*\\n)+)`)) ?? [];
  return Object.fromEntries([...read(shared, ' {2}'), ...read(service, ' {4}')]);
}

describe('docker-compose.yml', () => {
  const services = new Map([...blocksBelow('services')].map(([name, block]) => [name, settingsOf(block)]));

  it('builds no image twice: two builds at once of one image fail', () => {
    expect([...services.keys()]).toEqual(['api', 'worker', 'postgres', 'redis']);
    const built = [...services.values()].filter(({ build }) => build !== undefined);
    expect(built.map(({ image }) => image)).toEqual([services.get('api')?.image]);
    expect(services.get('worker')?.image).toMatch(/^fairdrop:/);
  });

  it('never looks elsewhere for an image that it builds, and starts the worker after the api', () => {
    expect(services.get('worker')?.pull_policy).toBe('never');
    const [, after = ''] = blocksBelow('services').get('worker')?.split('depends_on:') ?? [];
    expect(after).toMatch(/^ {6}api: /m);
  });
});
