import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig, renderEnvExample, StartupError } from '../../src/config.ts';

describe('the configuration', () => {
  it('needs nothing: an empty environment is a complete installation', () => {
    expect(readConfig({})).toMatchObject({
      role: 'all',
      port: 3000,
      databaseUrl: undefined,
      redisUrl: undefined,
      instagram: { appSecrets: [], graphUrl: 'https://graph.instagram.com/v25.0' },
    });
  });

  it('treats an empty variable as unset', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: ' ', ROLE: '' })).toEqual(readConfig({}));
  });

  it('names every variable that is wrong, and what it should be', () => {
    const wrong = { PORT: 'eighty', ROLE: 'boss', DATABASE_URL: 'mysql://x/y', REDIS_URL: 'localhost:6379' };
    expect(() => readConfig(wrong)).toThrow(StartupError);
    expect(() => readConfig(wrong)).toThrow(
      /PORT must be .*0 to 65535.*ROLE must be .*all, api or worker.*DATABASE_URL must .*postgres:\/\/.*REDIS_URL must .*redis:\/\//s,
    );
  });

  it('never repeats a secret in a complaint', () => {
    const secret = 'postgres//user:hunter2@host';
    expect(() => readConfig({ DATABASE_URL: secret, FAIRDROP_BOOTSTRAP_KEY: 'tooshort' })).toThrow(
      expect.not.objectContaining({ message: expect.stringMatching(/hunter2|tooshort/) }),
    );
  });

  it('asks for an encryption key where the database is not its own', () => {
    expect(() => readConfig({ DATABASE_URL: 'postgres://db/fairdrop' })).toThrow(/openssl rand -base64 32/);
  });

  it('takes several app secrets and cuts slashes off the end of addresses', () => {
    const config = readConfig({
      INSTAGRAM_APP_SECRET: 'one, two,',
      INSTAGRAM_GRAPH_URL: 'http://localhost:9/v25.0/',
      PUBLIC_URL: 'https://fairdrop.example/',
    });
    expect(config.instagram.appSecrets).toEqual(['one', 'two']);
    expect(config.instagram.graphUrl).toBe('http://localhost:9/v25.0');
    expect(config.publicUrl).toBe('https://fairdrop.example');
  });

  it('is what .env.example says', () => {
    expect(readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')).toBe(renderEnvExample());
  });
});
