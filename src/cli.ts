import { Command, Option } from 'commander';
import { addTriggerCommands } from './cli-triggers.ts';
import { type Config, loadDotEnv, readConfig, StartupError } from './config.ts';
import { type Database, openDatabase } from './database.ts';
import type { PrismaClient } from './db/generated/client.ts';
import { oneLine } from './one-line.ts';
import { findFaults } from './records/integrity.ts';
import { addApiKey, addWorkspace } from './workspaces/administer.ts';
import { listApiKeys, revokeApiKey, type Scope, scopes } from './workspaces/api-keys.ts';
import { defaultWorkspace, findWorkspace, isId, listWorkspaces } from './workspaces/workspaces.ts';

const debug = Boolean(process.env.DEBUG);

const program = new Command('fairdrop')
  .description('Administers the installation that the environment (or .env) describes.')
  .showHelpAfterError();

const workspaceOption = new Option('-w, --workspace <name or id>', 'which workspace').default(
  defaultWorkspace,
);

const key = program.command('key').description('API keys');

key
  .command('create')
  .description('makes an API key and prints it, once')
  .addOption(workspaceOption)
  .option('-n, --name <name>', 'what the key is for', 'made on the command line')
  .addOption(
    new Option(
      '-s, --scopes <scopes...>',
      'what it may do (default: read write, and operate for the first key of the installation)',
    ).choices([...scopes]),
  )
  .action(async (options: { workspace: string; name: string; scopes?: Scope[] }) => {
    await withPrisma(async (prisma) => {
      const added = await addApiKey(prisma, options);
      if (added.outcome === 'name_refused') throw new StartupError(added.reason);
      if (added.outcome === 'workspace_unknown') {
        throw new StartupError(
          `There is no workspace "${options.workspace}": create it with \`npm run fairdrop -- workspace create\`.`,
        );
      }
      console.log(added.key);
      const { name, workspace } = added;
      console.error(
        `Key "${name}" of workspace "${workspace.name}", with the scopes ${added.scopes.join(', ')}. It is not shown again.`,
      );
      if (options.scopes) return;
      console.error(
        added.first
          ? 'As the first key of the installation it may also operate: see the queues and what belongs to no workspace. Later keys need `-s read write operate` for that.'
          : 'For the scope operate, which shows the queues and what belongs to no workspace, make one with `-s read write operate`.',
      );
    });
  });

key
  .command('list')
  .description('lists the keys of a workspace; the keys themselves are not stored')
  .addOption(workspaceOption)
  .action(async (options: { workspace: string }) => {
    await withPrisma(async (prisma) => {
      const workspace = await requireWorkspace(prisma, options.workspace);
      for (const row of await listApiKeys(prisma, workspace.id)) {
        const state = row.revokedAt ? `revoked ${row.revokedAt.toISOString()}` : row.scopes.join(',');
        console.log(`${row.id}  …${row.hint}  ${state}  ${row.name}`);
      }
    });
  });

key
  .command('revoke')
  .description('makes a key stop working at once')
  .argument('<id>', 'the id that `key list` shows')
  .addOption(workspaceOption)
  .action(async (id: string, options: { workspace: string }) => {
    if (!isId(id)) {
      throw new StartupError(
        'That is not the id of a key, which is a UUID: `npm run fairdrop -- key list` shows them.',
      );
    }
    await withPrisma(async (prisma) => {
      const workspace = await requireWorkspace(prisma, options.workspace);
      const revoked = await revokeApiKey(prisma, { workspaceId: workspace.id, id, now: new Date() });
      if (!revoked) {
        throw new StartupError(`Workspace "${workspace.name}" has no working key with the id ${id}.`);
      }
      console.log('revoked');
    });
  });

const workspace = program.command('workspace').description('tenants');

workspace
  .command('create')
  .argument('<name>', '1 to 100 characters, and no other workspace has it')
  .description('creates a workspace and prints its id')
  .action(async (name: string) => {
    await withPrisma(async (prisma) => {
      const added = await addWorkspace(prisma, name);
      if (added.outcome === 'name_refused') throw new StartupError(added.reason);
      console.log(added.workspace.id);
    });
  });

workspace
  .command('list')
  .description('lists the workspaces')
  .action(async () => {
    await withPrisma(async (prisma) => {
      for (const row of await listWorkspaces(prisma)) console.log(`${row.id}  ${row.name}`);
    });
  });

addTriggerCommands(program, { workspaceOption, withDatabase, requireWorkspace });

program
  .command('check')
  .description('looks for rows that hang on nothing or contradict each other; reads every table once')
  .action(async () => {
    await withDatabase(async ({ pool }) => {
      const faults = await findFaults(pool);
      for (const { what, count, example } of faults)
        console.log(`${count} × ${what}, for example ${example}`);
      if (faults.length === 0) return console.log('nothing is amiss');
      process.exitCode = 1;
    });
  });

async function requireWorkspace(prisma: PrismaClient, nameOrId: string) {
  const found = await findWorkspace(prisma, nameOrId);
  if (found) return found;
  throw new StartupError(
    `There is no workspace "${nameOrId}": \`npm run fairdrop -- workspace list\` shows them, and \`workspace create\` makes one.`,
  );
}

function withPrisma(use: (prisma: PrismaClient) => Promise<void>): Promise<void> {
  return withDatabase(async ({ openPrisma }) => use(await openPrisma()));
}

async function withDatabase(use: (database: Database, config: Config) => Promise<void>): Promise<void> {
  loadDotEnv();
  const config = readConfig(process.env);
  const database = await openDatabase(config, {
    line: () => {},
    error: (error) => console.error(oneLine(error, debug)),
  });
  try {
    await use(database, config);
  } finally {
    await database.close();
  }
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(oneLine(error, debug));
  process.exitCode = 1;
}
