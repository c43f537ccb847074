/**
 * What SQL would take a database to `prisma/schema.prisma`? Runs Prisma's schema engine as WebAssembly, so it needs
 * no download. Used to write a migration (`npm run schema:diff`) and by the test that schema and migrations agree.
 */
import { readFileSync } from 'node:fs';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg';

const schemaPath = new URL('../prisma/schema.prisma', import.meta.url);
const wasmPath = new URL('./schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm'));

// Where the engine's panics leave their message.
Object.assign(globalThis, {
  PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => console.error(message) },
});

// Node has it; the TypeScript library for it is part of the browser's, which this project leaves out.
declare const WebAssembly: {
  instantiate(module: Uint8Array, imports: object): Promise<{ instance: { exports: WebAssemblyExports } }>;
};
type WebAssemblyExports = Parameters<typeof engine.__wbg_set_wasm>[0] & { __wbindgen_start(): void };

let loaded: Promise<void> | undefined;

function load(): Promise<void> {
  loaded ??= WebAssembly.instantiate(readFileSync(wasmPath), { './schema_engine_bg.js': engine }).then(
    ({ instance }) => {
      engine.__wbg_set_wasm(instance.exports);
      instance.exports.__wbindgen_start();
    },
  );
  return loaded;
}

/**
 * The engine reads catalogue columns of Postgres's one-byte type `"char"`, which @prisma/adapter-pg 7.10 refuses to
 * map: have the server cast them to text, and hand them over as characters.
 */
function castCharColumns(
  factory: SqlMigrationAwareDriverAdapterFactory,
): SqlMigrationAwareDriverAdapterFactory {
  const charColumns = new Set(['constraint_type', 'confdeltype', 'confupdtype']);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const connection = await connect();
    const queryRaw = connection.queryRaw.bind(connection);
    connection.queryRaw = async (query) => {
      const sql = query.sql.replace(/\b(?:contype|confdeltype|confupdtype)(?=,| AS\b)/g, '$&::text');
      const result = await queryRaw({ ...query, sql });
      const columnTypes = result.columnTypes.map((type, i) =>
        charColumns.has(result.columnNames[i] ?? '') ? ColumnTypeEnum.Character : type,
      );
      return { ...result, columnTypes };
    };
    return connection;
  };
  return factory;
}

async function withEngine<T>(
  databaseUrl: string,
  use: (schemaEngine: engine.SchemaEngine) => Promise<T>,
): Promise<T> {
  await load();
  const adapter = bindMigrationAwareSqlAdapterFactory(
    castCharColumns(new PrismaPg({ connectionString: databaseUrl })),
  );
  const schemaEngine = await engine.SchemaEngine.new({ datamodels: undefined }, () => {}, adapter);
  try {
    return await use(schemaEngine);
  } finally {
    schemaEngine.free();
  }
}

const filters = { externalTables: ['public._prisma_migrations'], externalEnums: [] };

/**
 * @param databaseUrl a PostgreSQL database to start from; its `bullmq` schema and Prisma's bookkeeping are left out
 * @returns the SQL that is missing, or an empty string
 */
export async function schemaDiff(databaseUrl: string): Promise<string> {
  const files = [{ path: 'schema.prisma', content: readFileSync(schemaPath, 'utf8') }];
  return withEngine(databaseUrl, async (schemaEngine) => {
    const { stdout } = await schemaEngine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters,
    });
    const sql = stdout?.trim() ?? '';
    return sql.startsWith('-- This is an empty migration') ? '' : sql;
  });
}

/**
 * What `prisma migrate status` would find.
 * @param migrations the migrations on disk: directory name and content of migration.sql
 */
export async function migrationHistory(
  databaseUrl: string,
  migrations: { name: string; sql: string }[],
): Promise<engine.DiagnoseMigrationHistoryOutput> {
  return withEngine(databaseUrl, (schemaEngine) =>
    schemaEngine.diagnoseMigrationHistory({
      migrationsList: {
        baseDir: 'migrations',
        lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
        migrationDirectories: migrations.map(({ name, sql }) => ({
          path: name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
        })),
        shadowDbInitScript: '',
      },
      optInToShadowDatabase: false,
      filters,
    }),
  );
}

if (import.meta.main) {
  const url = process.env.DATABASE_URL;
  if (!url) {
    console.error('Set DATABASE_URL to a PostgreSQL database that has the migrations applied.');
    process.exit(1);
  }
  console.log((await schemaDiff(url)) || '-- schema.prisma and the database agree');
  process.exit(0);
}
