import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import type { Command, Option } from 'commander';
import { findAccounts } from './catalog/as-code/account.ts';
import { applyTriggersFile } from './catalog/as-code/apply.ts';
import { exportTriggers } from './catalog/as-code/export.ts';
import { changesAnything, type Plan } from './catalog/as-code/plan.ts';
import { printPlan } from './catalog/as-code/print.ts';
import { describeFileProblem, FileRefused, readTriggersFile } from './catalog/as-code/read.ts';
import { isLockTimeout } from './catalog/transaction.ts';
import { type Config, StartupError } from './config.ts';
import type { Database } from './database.ts';
import type { PrismaClient } from './db/generated/client.ts';
import { createPlatforms } from './platforms/registry.ts';

/** What the commands share with the others of the command line. */
interface CommandLine {
  workspaceOption: Option;
  withDatabase(use: (database: Database, config: Config) => Promise<void>): Promise<void>;
  requireWorkspace(prisma: PrismaClient, nameOrId: string): Promise<{ id: string; name: string }>;
}

/** `diff` found that something would change: what a pipeline asks before it applies. */
const differs = 2;

/** Triggers as code: an account's triggers in a file. */
export function addTriggerCommands(program: Command, line: CommandLine): void {
  const triggers = program
    .command('triggers')
    .description('triggers as a YAML file: docs/triggers-as-code.md');

  triggers
    .command('export')
    .description('prints the triggers of an account as a file that changes nothing when it is applied')
    .option(
      '-a, --account <account>',
      'instagram/user_name, or its id on the platform; can be left out where there is one',
    )
    .addOption(line.workspaceOption)
    .action(async (options: { workspace: string; account?: string }) => {
      await line.withDatabase(async ({ openPrisma }) => {
        const prisma = await openPrisma();
        const { id, name } = await line.requireWorkspace(prisma, options.workspace);
        const [account, ...more] = await accountsLike(prisma, id, options.account);
        if (!account) throw new StartupError(`Workspace "${name}" has no such account.`);
        if (more.length > 0) {
          const names = [account, ...more].map(({ platform, username, externalId }) =>
            username === null ? externalId : `${platform}/${username}`,
          );
          throw new StartupError(`Which account? Say it with --account: ${names.join(', ')}.`);
        }
        const exported = await exportTriggers(prisma, account);
        if (!exported.ok) throw new StartupError(exported.reason);
        process.stdout.write(exported.text);
      });
    });

  triggers
    .command('diff')
    .argument('<file>', 'the file, or - for standard input')
    .description(
      `shows what apply would change; ends with 0 where that is nothing, with ${differs} where it is something`,
    )
    .option('--prune', 'as if triggers that are not in the file were archived')
    .addOption(line.workspaceOption)
    .action(async (file: string, options: { workspace: string; prune?: true }) => {
      const plan = await apply(line, file, { ...options, dryRun: true });
      if (plan && changesAnything(plan)) process.exitCode = differs;
    });

  triggers
    .command('apply')
    .argument('<file>', 'the file, or - for standard input')
    .description(
      'makes the triggers of an account as the file says: all of it, or, where something is wrong, nothing',
    )
    .option('--dry-run', 'shows what would change, and changes nothing')
    .option('--prune', 'archives triggers of the account that are not in the file')
    .addOption(line.workspaceOption)
    .action(async (file: string, options: { workspace: string; prune?: true; dryRun?: true }) => {
      const plan = await apply(line, file, options);
      if (!plan || !changesAnything(plan)) return;
      console.log(options.dryRun ? 'a dry run: nothing was changed' : 'applied');
    });
}

/** @returns null where the file was refused, which is said */
async function apply(
  { withDatabase, requireWorkspace }: CommandLine,
  file: string,
  { workspace, prune = false, dryRun = false }: { workspace: string; prune?: boolean; dryRun?: boolean },
): Promise<Plan | null> {
  let plan: Plan | null = null;
  try {
    const read = readTriggersFile(await contentOf(file));
    await withDatabase(async ({ openPrisma }, config) => {
      const prisma = await openPrisma();
      const { id: workspaceId } = await requireWorkspace(prisma, workspace);
      const platforms = createPlatforms(config);
      try {
        const change = { workspaceId, keyId: null, now: new Date() };
        plan = await applyTriggersFile(prisma, platforms, change, read, { prune, dryRun });
      } finally {
        await Promise.all([...platforms.values()].map((platform) => platform.close()));
      }
    });
  } catch (error) {
    if (isLockTimeout(error)) {
      throw new StartupError(
        'Somebody else is changing this workspace right now: try again in a few seconds.',
      );
    }
    if (!(error instanceof FileRefused)) throw error;
    for (const problem of error.problems) console.error(describeFileProblem(problem, `${file}:`));
    if (error.more > 0) console.error(`and ${error.more} more`);
    process.exitCode = 1;
    return null;
  }
  if (plan) for (const printed of printPlan(plan)) console.log(printed);
  return plan;
}

async function contentOf(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new StartupError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`);
  }
}

async function accountsLike(prisma: PrismaClient, workspaceId: string, wanted: string | undefined) {
  if (wanted === undefined) return findAccounts(prisma, workspaceId, {});
  const [, platform, username] = wanted.match(/^([^/]+)\/(.+)$/) ?? [];
  return findAccounts(prisma, workspaceId, platform ? { platform, username } : { id: wanted });
}
