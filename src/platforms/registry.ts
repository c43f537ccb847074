import type { Config } from '../config.ts';
import { createInstagramAdapter } from './instagram/adapter.ts';
import type { PlatformAdapter } from './port.ts';

/** Every platform that Fairdrop speaks; adding one is a folder and a line here. */
export function createPlatforms(config: Config): Map<string, PlatformAdapter> {
  const adapters: PlatformAdapter[] = [createInstagramAdapter(config.instagram)];
  return new Map(adapters.map((adapter) => [adapter.name, adapter]));
}
