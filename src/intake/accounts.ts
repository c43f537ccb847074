import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import { compileTriggers, type MatchableTrigger } from '../triggers/matcher.ts';
import type { TemplateContext } from '../triggers/templates.ts';
import type { IntakeAccount } from './decide.ts';

const findAccounts: Statement = {
  name: 'intake-accounts',
  text: `
    select id, external_id, username, trigger_revision, public_replies_per_post
    from accounts
    where platform = $1 and external_id = any($2::text[]) and state <> 'disconnected'`,
};

/** The revision comes with the triggers in one snapshot, so that it names exactly the set that is matched against. */
const loadAccounts: Statement = {
  name: 'intake-load-accounts',
  text: `
    select a.id as account_id, a.workspace_id, a.trigger_revision, active.*
    from accounts a
    left join (
      select t.account_id as trigger_account_id, v.trigger_id, v.version, v.name, v.state, v.priority, v.definition,
             r.id as resource_id, r.name as resource_name, r.url as resource_url, r.text as resource_text
      from triggers t
      join trigger_versions v on v.trigger_id = t.id and v.version = t.version and v.state = 'active'
      join resources r on r.id = v.resource_id
    ) active on active.trigger_account_id = a.id
    where a.id = any($1::uuid[])`,
};

interface AccountRow {
  id: string;
  external_id: string;
  username: string | null;
  trigger_revision: number;
  public_replies_per_post: number | null;
}

interface TriggerColumns {
  trigger_id: string;
  version: number;
  name: string;
  state: MatchableTrigger['state'];
  priority: number;
  definition: MatchableTrigger['definition'];
  resource_id: string;
  resource_name: string;
  resource_url: string | null;
  resource_text: string | null;
}

type LoadedRow = { account_id: string; workspace_id: string; trigger_revision: number } & (
  | TriggerColumns
  | { trigger_id: null }
);

/** Without what is read afresh for each flush. */
type CachedAccount = Omit<IntakeAccount, 'username' | 'publicRepliesPerPost'>;

export interface AccountLookup {
  /** @returns the connected ones of these accounts, by the platform's id */
  find(platform: string, externalIds: readonly string[]): Promise<Map<string, IntakeAccount>>;
}

/**
 * Keeps compiled triggers in memory, and asks for the accounts' revision numbers on each call: one indexed query per
 * flush, and no process ever matches against triggers that had been changed before it asked.
 * @param maxCachedAccounts the most accounts whose compiled triggers stay in memory
 */
export function createAccountLookup(pool: pg.Pool, maxCachedAccounts = 10_000): AccountLookup {
  const cache = new Map<string, CachedAccount>();

  async function load(ids: readonly string[]): Promise<void> {
    const rows = await runStatement<LoadedRow>(pool, loadAccounts, [ids]);
    for (const [id, own] of Map.groupBy(rows, (row) => row.account_id)) {
      const { workspace_id, trigger_revision } = own[0] as LoadedRow;
      const active = own.filter((row) => row.trigger_id !== null);
      cache.delete(id);
      cache.set(id, {
        id,
        workspaceId: workspace_id,
        triggerRevision: trigger_revision,
        triggers: compileTriggers(active.map(toTrigger)),
        repeats: active.some(
          ({ definition }) =>
            definition.frequency !== 'once_per_trigger' && definition.dmTemplates.length > 1,
        ),
        resources: new Map(active.map((row) => [row.resource_id, toResource(row)])),
      });
    }
  }

  function evictOldest(): void {
    for (const id of cache.keys()) {
      if (cache.size <= maxCachedAccounts) break;
      cache.delete(id);
    }
  }

  return {
    async find(platform, externalIds) {
      const rows = await runStatement<AccountRow>(pool, findAccounts, [platform, externalIds]);
      const stale = rows.filter((row) => cache.get(row.id)?.triggerRevision !== row.trigger_revision);
      if (stale.length > 0) await load(stale.map((row) => row.id));
      const found = new Map<string, IntakeAccount>();
      for (const row of rows) {
        const account = cache.get(row.id);
        if (!account) throw new Error(`account ${row.id} was not loaded`);
        found.set(row.external_id, {
          ...account,
          username: row.username,
          publicRepliesPerPost: row.public_replies_per_post,
        });
      }
      evictOldest();
      return found;
    },
  };
}

function toTrigger(row: TriggerColumns): MatchableTrigger {
  return {
    id: row.trigger_id,
    version: row.version,
    name: row.name,
    state: row.state,
    priority: row.priority,
    resourceId: row.resource_id,
    definition: row.definition,
  };
}

function toResource(row: TriggerColumns): TemplateContext['resource'] {
  return { name: row.resource_name, url: row.resource_url, text: row.resource_text };
}
