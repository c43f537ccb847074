import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createSecretBox } from '../../src/crypto/secret-box.ts';
import { newId } from '../../src/ids.ts';
import type { StoredDefinition, TriggerDefinition } from '../../src/triggers/definition.ts';

export interface Seeded {
  pool: pg.Pool;
  workspaceId: string;
  accountId: string;
  accountExternalId: string;
  resourceId: string;
  triggerId: string;
  close(): Promise<void>;
}

export const secretBox = createSecretBox([{ id: 'test', key: randomBytes(32) }]);

/** A workspace with an account, a resource and a trigger for GUIDE, written straight into the tables. */
export async function seed(
  databaseUrl: string,
  definition: Partial<TriggerDefinition> = {},
): Promise<Seeded> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 6 });
  pool.on('error', () => {});
  const ids = { workspaceId: newId(), accountId: newId(), resourceId: newId(), triggerId: newId() };
  const accountExternalId = `1784140000${Math.floor(Math.random() * 1e7)}`;
  const credentials = secretBox.seal(JSON.stringify({ accessToken: 'token' }), `account:${ids.accountId}`);
  const whole: StoredDefinition = {
    keywords: ['guide'],
    includeReplies: false,
    mediaIds: [],
    dmTemplates: [{ text: 'Here it is: {{ resource.url }}', weight: 1 }],
    publicReplies: [],
    frequency: 'once_per_trigger',
    ...definition,
  };
  await pool.query("insert into workspaces (id, name) values ($1, 'test')", [ids.workspaceId]);
  await pool.query(
    `insert into accounts (id, workspace_id, platform, external_id, username, credentials, credentials_key_id)
     values ($1, $2, 'instagram', $3, 'studio', $4, $5)`,
    [ids.accountId, ids.workspaceId, accountExternalId, credentials.sealed, credentials.keyId],
  );
  await pool.query(
    `insert into account_paces (account_id, pace, per_hour, burst)
     select $1, pace, 3600000, 1000000 from unnest(array['private_reply', 'public_reply', 'direct_message']) as pace`,
    [ids.accountId],
  );
  await pool.query(
    "insert into resources (id, workspace_id, name, kind, url) values ($1, $2, 'Guide', 'link', 'https://x.example/g')",
    [ids.resourceId, ids.workspaceId],
  );
  await pool.query('insert into triggers (id, workspace_id, account_id, version) values ($1, $2, $3, 1)', [
    ids.triggerId,
    ids.workspaceId,
    ids.accountId,
  ]);
  await pool.query(
    `insert into trigger_versions (trigger_id, version, account_id, revision, resource_id, name, state, priority, definition)
     values ($1, 1, $2, 0, $3, 'Guide', 'active', 0, $4)`,
    [ids.triggerId, ids.accountId, ids.resourceId, JSON.stringify(whole)],
  );
  return { pool, ...ids, accountExternalId, close: () => pool.end() };
}
