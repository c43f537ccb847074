import { existsSync } from 'node:fs';
import { z } from 'zod';

const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'must be an address that begins with http:// or https://',
});

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Every variable that Fairdrop reads, each with the sentence that `.env.example` shows. */
const variables = {
  PORT: z.coerce
    .number({ error: 'must be a port number, 0 to 65535' })
    .int('must be a whole number, 0 to 65535')
    .min(0, 'must be a port number, 0 to 65535')
    .max(65_535, 'must be a port number, 0 to 65535')
    .default(3000)
    .describe('Where the API (or, for a worker, its health check) listens. 0 takes any free port.'),
  HOST: z
    .string()
    .default('127.0.0.1')
    .describe('The address to listen on. 0.0.0.0 for all, as in a container.'),
  ROLE: z
    .enum(['all', 'api', 'worker'], 'must be all, api or worker')
    .default('all')
    .describe('all: one process does everything. api: webhooks and REST. worker: sending and scheduling.'),
  PUBLIC_URL: httpUrl
    .optional()
    .describe('The address under which people and platforms reach the API. Default: http://HOST:PORT.'),
  LOG_LEVEL: z
    .enum(logLevels, `must be one of ${logLevels.join(', ')}`)
    .default('info')
    .describe('How much is logged, as JSON lines on standard output.'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must look like postgres://user:password@host:5432/database' })
    .optional()
    .describe(
      'PostgreSQL 14 or newer. Unset: an embedded PostgreSQL keeps its data in DATA_DIR. For a managed one end it in ?sslmode=verify-full&sslrootcert=<its CA file>, or in ?sslmode=no-verify, which encrypts without asking who answers; sslmode=require is taken for verify-full.',
    ),
  DATA_DIR: z
    .string()
    .default('.data')
    .describe('Where the embedded PostgreSQL and the keys made for it are kept.'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must look like redis://host:6379', abort: true })
    .refine((url) => /^\/?\d*$/.test(new URL(url).pathname), 'must end in the number of a database, if any')
    .optional()
    .describe(
      'The queue in Redis; each installation needs a Redis, or a database number, of its own (redis://host:6379/1). Unset: the queue lives in PostgreSQL.',
    ),
  EVENT_RETENTION_DAYS: z.coerce
    .number({ error: 'must be a number of days, 0 to 3650' })
    .int('must be a whole number of days')
    .min(0, 'must be a number of days, 0 to 3650')
    .max(3_650, 'must be a number of days, 0 to 3650')
    .default(90)
    .describe(
      'After how many days events that led to nothing are deleted. Statistics go on counting them. 0 keeps them.',
    ),
  ENCRYPTION_KEY: z
    .string()
    .optional()
    .describe(
      'Encrypts the credentials of accounts: 32 bytes in base64 (openssl rand -base64 32). Required with DATABASE_URL; made and kept in DATA_DIR otherwise.',
    ),
  FAIRDROP_BOOTSTRAP_KEY: z
    .string()
    .regex(
      /^[\x21-\x7e]{24,200}$/,
      'must be 24 to 200 visible ASCII characters, for example from: openssl rand -hex 24',
    )
    .optional()
    .describe(
      'On an empty database: creates the first workspace with this API key. Read by the API, not by a worker.',
    ),
  INSTAGRAM_APP_SECRET: z
    .string()
    .optional()
    .describe(
      'The Instagram app secret that signs webhooks; several, separated by commas, are all accepted.',
    ),
  INSTAGRAM_VERIFY_TOKEN: z
    .string()
    .optional()
    .describe('The verify token that you enter in the Meta app dashboard beside the webhook address.'),
  INSTAGRAM_GRAPH_URL: httpUrl
    .default('https://graph.instagram.com/v25.0')
    .describe('The Graph API with its version. `npm run fake -- instagram` prints one to try against.'),
} as const;

const environment = z.object(variables);

export type Role = 'all' | 'api' | 'worker';

export interface Config {
  port: number;
  host: string;
  role: Role;
  publicUrl: string | undefined;
  logLevel: z.infer<typeof environment>['LOG_LEVEL'];
  databaseUrl: string | undefined;
  dataDir: string;
  redisUrl: string | undefined;
  eventRetentionDays: number;
  encryptionKey: string | undefined;
  bootstrapKey: string | undefined;
  instagram: { appSecrets: string[]; verifyToken: string | undefined; graphUrl: string };
}

/** What stops a start-up and what to do about it, in one sentence. */
export class StartupError extends Error {
  override name = 'StartupError';
}

/** Adds the variables of a file `.env` in the working directory, where there is one, to those that are not set. */
export function loadDotEnv(): void {
  if (!existsSync('.env')) return;
  try {
    process.loadEnvFile('.env');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new StartupError(`The file .env cannot be read (${code}): correct or remove it.`);
  }
}

/**
 * @param env the process environment; empty variables count as unset
 * @throws StartupError naming every variable that is wrong
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const complaints = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new StartupError(`The environment is not right. ${complaints.join('; ')}. See .env.example.`);
  }
  const e = parsed.data;
  if (e.DATABASE_URL && !e.ENCRYPTION_KEY) {
    throw new StartupError(
      'DATABASE_URL is set but ENCRYPTION_KEY is not: make one with `openssl rand -base64 32`, set it, and keep it, because without it stored credentials cannot be read.',
    );
  }
  return {
    port: e.PORT,
    host: e.HOST,
    role: e.ROLE,
    publicUrl: e.PUBLIC_URL?.replace(/\/+$/, ''),
    logLevel: e.LOG_LEVEL,
    databaseUrl: e.DATABASE_URL,
    dataDir: e.DATA_DIR,
    redisUrl: e.REDIS_URL,
    eventRetentionDays: e.EVENT_RETENTION_DAYS,
    encryptionKey: e.ENCRYPTION_KEY,
    bootstrapKey: e.FAIRDROP_BOOTSTRAP_KEY,
    instagram: {
      appSecrets: (e.INSTAGRAM_APP_SECRET ?? '')
        .split(',')
        .map((secret) => secret.trim())
        .filter(Boolean),
      verifyToken: e.INSTAGRAM_VERIFY_TOKEN,
      graphUrl: e.INSTAGRAM_GRAPH_URL.replace(/\/+$/, ''),
    },
  };
}

/** The text of `.env.example`: every variable with its meaning, commented out at its default. */
export function renderEnvExample(): string {
  const blocks = Object.entries(variables).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined);
    const value = fallback.success && fallback.data !== undefined ? String(fallback.data) : '';
    return `# ${schema.description}\n#${name}=${value}\n`;
  });
  return `# Nothing here is required: with an empty environment Fairdrop runs on an embedded database.\n# Copy to .env and uncomment what you need.\n\n${blocks.join('\n')}`;
}
