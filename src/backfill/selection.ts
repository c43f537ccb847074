import type { Prisma, PrismaClient } from '../db/generated/client.ts';
import type { SealedAccount } from '../deliveries/account.ts';
import type { AccountId, TriggerId, WorkspaceId } from '../ids.ts';
import type { PlatformAdapter } from '../platforms/port.ts';
import { Problem } from '../problem.ts';
import type { TriggerDefinition } from '../triggers/definition.ts';

/** What a person asks a back-fill to look at. */
export interface SelectionInput {
  accountId: AccountId;
  triggerId?: TriggerId | undefined;
  mediaIds?: string[] | undefined;
  latestPosts: number;
  since?: Date | undefined;
}

/** What a back-fill looks at. */
export interface Selection {
  triggerId: TriggerId | null;
  /** Empty for the latest posts. */
  mediaIds: readonly string[];
  latestPosts: number;
  since: Date;
}

type Db = PrismaClient | Prisma.TransactionClient;

/** @throws Problem when it asks for what is not there, or could lead to nothing */
export async function resolveSelection(
  db: Db,
  platforms: ReadonlyMap<string, PlatformAdapter>,
  workspaceId: WorkspaceId,
  input: SelectionInput,
  now: Date,
): Promise<{ account: SealedAccount; selection: Selection }> {
  const account = await db.account.findFirst({ where: { id: input.accountId, workspaceId } });
  if (!account) throw unusable('account', 'account_unknown', 'There is no such account in your workspace.');
  const { credentials, credentialsKeyId } = account;
  if (!credentials || !credentialsKeyId) {
    throw unusable(
      'account',
      'account_disconnected',
      'This account is disconnected. Connect it again first.',
    );
  }
  const adapter = platforms.get(account.platform);
  if (!adapter) {
    throw unusable('account', 'platform_unknown', `This installation has no platform "${account.platform}".`);
  }
  const definition = input.triggerId
    ? await findDefinition(db, workspaceId, account.id, input.triggerId)
    : null;
  const named = input.mediaIds ?? [];
  const earliest = now.getTime() - adapter.capabilities.listing.windowMs;
  return {
    account: {
      id: account.id,
      platform: account.platform,
      externalId: account.externalId,
      credentials: Buffer.from(credentials),
      credentialsKeyId,
    },
    selection: {
      triggerId: input.triggerId ?? null,
      // A trigger that counts on some posts only says where to look.
      mediaIds: [...new Set(named.length > 0 ? named : definition?.mediaIds)],
      latestPosts: input.latestPosts,
      // What is older could not be answered.
      since: new Date(Math.max(input.since?.getTime() ?? 0, earliest)),
    },
  };
}

async function findDefinition(
  db: Db,
  workspaceId: WorkspaceId,
  accountId: AccountId,
  id: TriggerId,
): Promise<TriggerDefinition> {
  const trigger = await db.trigger.findFirst({ where: { id, workspaceId, accountId } });
  const version =
    trigger &&
    (await db.triggerVersion.findUnique({
      where: { triggerId_version: { triggerId: id, version: trigger.version } },
    }));
  if (!version) throw unusable('trigger', 'trigger_unknown', 'This account has no such trigger.');
  if (version.state !== 'active') {
    throw unusable(
      'trigger',
      'trigger_not_active',
      'This trigger is not active, so it answers nothing. Resume it first.',
    );
  }
  return version.definition as unknown as TriggerDefinition;
}

function unusable(what: 'account' | 'trigger', code: string, detail: string): Problem {
  return new Problem(422, code, detail, { field: `/${what}Id` });
}
