import { flushCompileCache } from 'node:module';
import pino from 'pino';
import { type Config, loadDotEnv, readConfig } from './config.ts';
import { serializeError } from './error-log.ts';
import { logDestination } from './log-destination.ts';
import { oneLine } from './one-line.ts';
import { type Service, startService } from './service.ts';

/** How long the work under way has to end once the process is to stop, before the process ends regardless. */
const shutdownDeadlineMs = 30_000;

async function main(): Promise<void> {
  loadDotEnv();
  const config = readConfig(process.env);
  const log = pino(
    {
      level: config.logLevel,
      base: { role: config.role },
      serializers: { err: serializeError },
    },
    logDestination(),
  );
  const starting = startService(config, log, () => {
    log.fatal('the embedded PostgreSQL has ended: start again');
    stop('without a database', 1);
  });
  let isStopping = false;
  /** A process that has begun to send must not be torn out of it. */
  const stop = (why: string, exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    log.info(`${why}: finishing what is under way`);
    end(starting, log, exitCode);
  };
  // From the first moment on.
  process.on('SIGTERM', () => stop('SIGTERM', 0));
  process.on('SIGINT', () => stop('SIGINT', 0));
  const service = await starting;
  // Not only at its end: the process may be killed, and the next one beside it may start now.
  flushCompileCache();
  if (!isStopping) console.log(banner(config, service));
}

async function end(starting: Promise<Service>, log: pino.Logger, exitCode: number): Promise<void> {
  setTimeout(() => {
    log.error('not finished in time; what was being sent will be looked up');
    process.exit(1);
  }, shutdownDeadlineMs).unref();
  try {
    await (await starting).close();
    process.exit(exitCode);
  } catch (error) {
    log.error({ err: error }, 'could not close cleanly');
    process.exit(1);
  }
}

function banner(config: Config, service: Service): string {
  const base = config.publicUrl ?? service.url;
  const lines = [`Fairdrop is up (${config.role}).`, ''];
  if (config.role === 'worker') {
    lines.push(`  Health      ${service.url}/readyz`);
  } else {
    lines.push(
      `  API         ${base}/v1`,
      `  OpenAPI     ${base}/docs`,
      `  Webhook     ${base}/webhooks/instagram`,
      `  Bull Board  ${base}/ops/queues   (password: an API key)`,
    );
  }
  lines.push(`  Database    ${service.databaseLabel}`, `  Queue       ${service.queueLabel}`, '');
  if (config.role !== 'worker' && service.needsKey) {
    lines.push('  You have no API key yet. Get one with:  npm run fairdrop -- key create', '');
  }
  if (config.role !== 'worker' && config.instagram.appSecrets.length === 0) {
    lines.push('  Instagram webhooks are refused until INSTAGRAM_APP_SECRET is set; see .env.example.', '');
  }
  return lines.join('\n');
}

main().catch((error) => {
  console.error(`Fairdrop cannot start. ${oneLine(error, Boolean(process.env.DEBUG))}`);
  process.exit(1);
});
