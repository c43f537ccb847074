import type { Account, PrismaClient } from '../../db/generated/client.ts';
import { Problem } from '../../problem.ts';
import { refuseDisconnected } from '../accounts.ts';
import type { Platforms } from '../identify.ts';
import { renewUses } from '../resource-uses.ts';
import { type Change, inTransaction, lockWorkspace, type Tx } from '../transaction.ts';
import {
  applyVersion,
  insertTrigger,
  refuseDraftAgain,
  refuseUnusable,
  settingsOf,
} from '../trigger-writes.ts';
import { findAccounts, readPresent } from './account.ts';
import {
  changesAnything,
  type Plan,
  type PlannedResource,
  type PlannedTrigger,
  planChanges,
} from './plan.ts';
import { type FilePath, type FileProblem, FileRefused, type ReadTriggersFile } from './read.ts';

/** For hundreds of triggers on a busy machine: others of the workspace wait their four seconds and try again. */
const timeoutMs = 60_000;

/** Takes a transaction back that has shown what it would have done. */
class TakenBack extends Error {
  readonly plan: Plan;

  constructor(plan: Plan) {
    super('a dry run');
    this.plan = plan;
  }
}

/**
 * Makes an account as a file says, all or nothing. A dry run does the same and takes it back, so that it is refused for
 * whatever the real one would be refused for.
 * @returns what was done, or would be
 * @throws FileRefused
 */
export async function applyTriggersFile(
  prisma: PrismaClient,
  platforms: Platforms,
  change: Change,
  read: ReadTriggersFile,
  { prune, dryRun }: { prune: boolean; dryRun: boolean },
): Promise<Plan> {
  try {
    return await inTransaction(
      prisma,
      async (tx) => {
        await lockWorkspace(tx, change.workspaceId);
        const account = await requireAccount(tx, change, read);
        const { plan, problems } = planChanges(read, await readPresent(tx, account), prune);
        if (problems.length === 0 && changesAnything(plan)) {
          // Less may always happen: archiving is.
          if (plan.triggers.some(({ action }) => action !== 'keep')) refuseDisconnected(account);
          problems.push(...(await carryOut(tx, platforms, change, account, plan, read.problemAt)));
        }
        if (problems.length > 0) throw new FileRefused(problems);
        if (dryRun) throw new TakenBack(plan);
        return plan;
      },
      { timeoutMs },
    );
  } catch (error) {
    if (error instanceof TakenBack) return error.plan;
    if (error instanceof Problem) throw new FileRefused([read.problemAt(['account'], error.detail)]);
    throw error;
  }
}

async function requireAccount(
  tx: Tx,
  { workspaceId }: Change,
  { file, problemAt }: ReadTriggersFile,
): Promise<Account> {
  const [account, ...more] = await findAccounts(tx, workspaceId, file.account);
  if (!account) throw new FileRefused([problemAt(['account'], 'names no account of this workspace')]);
  if (more.length > 0) {
    const message = `names ${more.length + 1} accounts of this workspace: give its id as well`;
    throw new FileRefused([problemAt(['account'], message)]);
  }
  return account;
}

/** @returns everything that is refused, so that it is mended in one go */
async function carryOut(
  tx: Tx,
  platforms: Platforms,
  change: Change,
  account: Account,
  plan: Plan,
  problemAt: ReadTriggersFile['problemAt'],
): Promise<FileProblem[]> {
  const problems: FileProblem[] = [];
  async function attempt(path: FilePath, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problems.push(...toFileProblems(error, path, problemAt));
    }
  }

  // The resources first, because texts are checked against them; what else gives a resource is checked when all is done.
  for (const resource of plan.resources) await writeResource(tx, change, resource);
  for (const trigger of plan.triggers) {
    if (trigger.action === 'keep') continue;
    await attempt(trigger.path, () => writeTrigger(tx, platforms, change, account, trigger));
  }
  for (const { id, action, path } of plan.resources) {
    if (action !== 'change' || problems.length > 0) continue;
    const row = await tx.resource.findUniqueOrThrow({ where: { id } });
    await attempt(path, () => renewUses(tx, platforms, row));
  }
  if (plan.prune) {
    for (const other of plan.others) {
      await applyVersion(tx, change, other, { ...settingsOf(other), state: 'archived' });
    }
  }
  return problems;
}

async function writeResource(
  tx: Tx,
  { workspaceId, now }: Change,
  { id, action, content }: PlannedResource,
): Promise<void> {
  if (action === 'add') {
    await tx.resource.create({ data: { id, workspaceId, ...content, createdAt: now, updatedAt: now } });
  } else if (action === 'change') {
    await tx.resource.update({ where: { id }, data: { ...content, updatedAt: now } });
  }
}

async function writeTrigger(
  tx: Tx,
  platforms: Platforms,
  change: Change,
  account: Account,
  { before, after }: PlannedTrigger,
): Promise<void> {
  if (before) refuseDraftAgain(before, after);
  await refuseUnusable(tx, platforms, account, after);
  await (before ? applyVersion(tx, change, before, after) : insertTrigger(tx, change, account.id, after));
}

/** The problem's pointers go into a trigger or a resource; the file has it under a path. */
function toFileProblems(
  { errors, field, detail }: Problem,
  path: FilePath,
  problemAt: ReadTriggersFile['problemAt'],
): FileProblem[] {
  if (!errors) return [problemAt([...path, ...partsOf(field ?? '')], detail)];
  return errors.map((error) => problemAt([...path, ...partsOf(error.field)], error.message));
}

function partsOf(pointer: string): FilePath {
  const parts = pointer.split('/').slice(1);
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part === 'resourceId' ? 'resource' : part));
}
