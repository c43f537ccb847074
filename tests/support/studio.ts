import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client } from '../../demo/client.ts';
import type { FakeAccount, FakeInstagram } from '../../fakes/instagram/index.ts';

/** A start then takes half of the computing time, and tests start many processes. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/fairdrop-tests', import.meta.url));

/** The environment of a process under test: a given database, a fake Instagram, any free port. */
export function environment(given: {
  databaseUrl: string;
  instagram: FakeInstagram;
  appSecret: string;
  redisUrl?: string | undefined;
}): Record<string, string> & { FAIRDROP_BOOTSTRAP_KEY: string } {
  return {
    NODE_COMPILE_CACHE: compileCache,
    PORT: '0',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: given.databaseUrl,
    ...(given.redisUrl && { REDIS_URL: given.redisUrl }),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    FAIRDROP_BOOTSTRAP_KEY: `fd_test_${randomBytes(16).toString('hex')}`,
    INSTAGRAM_APP_SECRET: given.appSecret,
    INSTAGRAM_GRAPH_URL: given.instagram.graphUrl,
  };
}

export interface StudioAnswers {
  dmTemplates?: { text: string }[];
  publicReplies?: { text: string }[];
  frequency?: unknown;
  /** Anything else of a trigger. */
  [setting: string]: unknown;
}

/** No pace at all, for tests in which thousands of comments come at once. */
export const unpaced = { perHour: 3_600_000, burst: 1_000_000 };

/**
 * A creator's set-up through REST: a connected account and a trigger that gives a link for "guide".
 * @param settings of the account
 */
export async function openStudio(
  client: Client,
  instagram: FakeInstagram,
  answers: StudioAnswers = {},
  settings: Record<string, unknown> = {},
): Promise<FakeAccount> {
  const account = instagram.addAccount({ username: 'studio' });
  const connected = await client.post<{ id: string }>('/v1/accounts', {
    platform: 'instagram',
    accessToken: account.accessToken,
    ...settings,
  });
  const resource = await client.post<{ id: string }>('/v1/resources', {
    name: 'Guide',
    kind: 'link',
    url: 'https://studio.example/guide',
  });
  await client.post('/v1/triggers', {
    accountId: connected.id,
    resourceId: resource.id,
    name: 'Guide',
    keywords: ['guide'],
    dmTemplates: [{ text: '{{ resource.url }}' }],
    ...answers,
  });
  return account;
}
