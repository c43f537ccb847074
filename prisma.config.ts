import { defineConfig } from 'prisma/config';

// `prisma generate` asks for a native schema engine that it never runs, and would download it from a host that
// air-gapped machines cannot reach. Any executable satisfies it.
if (process.argv.includes('generate')) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
});
