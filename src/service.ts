import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { buildWorkerApp } from './api/bare-app.ts';
import { healthRoutes } from './api/health.ts';
import { createBackfiller } from './backfill/backfiller.ts';
import { createPreviews } from './backfill/preview.ts';
import { createCredentialsOpener } from './catalog/accounts.ts';
import { type Config, StartupError } from './config.ts';
import { type Database, openDatabase } from './database.ts';
import type { OpenAccount } from './deliveries/account.ts';
import { createDeliveryActions } from './deliveries/actions.ts';
import { createDeliveryEngine, type SendReport } from './deliveries/deliver.ts';
import { ensurePaces } from './deliveries/pacing.ts';
import { createReconciler } from './deliveries/reconcile.ts';
import { createScheduler } from './deliveries/scheduler.ts';
import { createErrorLog } from './error-log.ts';
import { createFoundIntake } from './intake/found.ts';
import { createIntake } from './intake/intake.ts';
import { createLoop } from './loop.ts';
import type { PlatformAdapter } from './platforms/port.ts';
import { createPlatforms } from './platforms/registry.ts';
import { openWakeQueue, type WakeQueue } from './queue/queue.ts';
import { tryRedis } from './queue/try-redis.ts';
import { createUpkeep } from './upkeep/upkeep.ts';
import { createLiveness, type Liveness } from './workers/liveness.ts';
import { createSendProcessor } from './workers/send.ts';
import { authenticate } from './workspaces/authenticate.ts';
import { bootstrap } from './workspaces/bootstrap.ts';

/** Between looks at whether this process takes the jobs that wait. */
const watchMs = 5_000;

/** Longer than a queue that works takes to answer. */
const queueAnswerMs = 1_000;

/** How long requests under way have to end once the process is to stop. */
const requestGraceMs = 5_000;

/** A running Fairdrop process. */
export interface Service {
  /** Where it listens. */
  url: string;
  databaseLabel: string;
  queueLabel: string;
  /** Whether there is no API key yet. */
  needsKey: boolean;
  /** Takes no new work, finishes what is under way, and lets go of everything. */
  close(): Promise<void>;
}

interface Parts {
  config: Config;
  log: FastifyBaseLogger;
  database: Database;
  platforms: ReadonlyMap<string, PlatformAdapter>;
  queue: WakeQueue;
  onError: (error: unknown) => void;
}

/**
 * Puts the parts together for the configured role.
 * @param onDatabaseLost is called when the embedded database has ended: only a new start brings it back
 * @throws StartupError with one sentence that says what to do
 */
export async function startService(
  config: Config,
  log: FastifyBaseLogger,
  onDatabaseLost: () => void,
): Promise<Service> {
  const onError = createErrorLog(log);
  // What was opened is closed in the reverse order: here when a later step fails, in `close` otherwise.
  await using opened = new AsyncDisposableStack();

  const database = await openDatabase(config, {
    line: (text) => log.info(text),
    error: onError,
    lost: onDatabaseLost,
  });
  opened.defer(() => database.close());
  // A worker has nothing that a key would open.
  if (config.bootstrapKey && config.role !== 'worker') {
    const { notice } = await bootstrap(await database.openPrisma(), config.bootstrapKey);
    if (notice) log.info(notice);
  }

  const platforms = createPlatforms(config);
  opened.defer(() => Promise.all([...platforms.values()].map((adapter) => adapter.close())).then(() => {}));
  await ensurePaces(database.pool, platforms.values());

  const { queue, label: queueLabel } = await openQueue(config, database, onError);
  opened.defer(() => queue.close());

  const parts: Parts = { config, log, database, platforms, queue, onError };
  let closing = false;
  const liveness = createLiveness();
  const app = await buildHttp(parts, liveness, () => closing);
  opened.defer(() => app.close());
  const url = await listen(app, config);
  const stopWorker = config.role === 'api' ? async () => {} : await startWorker(parts, liveness);

  const needsKey = await isWithoutKey(database.pool);
  const resources = opened.move();
  return {
    url,
    databaseLabel: database.label,
    queueLabel,
    needsKey,
    async close() {
      closing = true;
      // All at once: a client that dawdles must not keep the worker at work, nor the other way round.
      await Promise.allSettled([stopWorker(), closeHttp(app)]);
      await resources.disposeAsync();
    },
  };
}

async function isWithoutKey(pool: Database['pool']): Promise<boolean> {
  const { rows } = await pool.query<{ present: boolean }>(
    'select exists (select from api_keys where revoked_at is null) as present',
  );
  return rows[0]?.present !== true;
}

/** A Redis that is away is waited for: meanwhile the API makes comments durable, which are answered afterwards. */
async function openQueue(
  { redisUrl }: Config,
  database: Database,
  onError: (error: unknown) => void,
): Promise<{ queue: WakeQueue; label: string }> {
  if (redisUrl) {
    const server = `Redis at ${new URL(redisUrl).host}`;
    const trial = await tryRedis(redisUrl);
    if (trial.kind === 'useless') throw new StartupError(`${server} ${trial.reason}.`);
    return {
      queue: await openWakeQueue({ kind: 'redis', url: redisUrl }, onError),
      label: trial.kind === 'away' ? `${server} (does not answer yet)` : server,
    };
  }
  try {
    const queue = await openWakeQueue({ kind: 'postgres', url: database.url }, onError);
    return { queue, label: 'in PostgreSQL' };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error';
    throw new StartupError(
      `The queue in ${database.label} cannot be used (${why}): start again when it can.`,
    );
  }
}

/** Answers what has come in; who has not finished asking by then is cut off. */
async function closeHttp(app: FastifyInstance): Promise<void> {
  const cutOff = setTimeout(() => app.server.closeAllConnections(), requestGraceMs);
  await app.close();
  clearTimeout(cutOff);
}

/** @returns how to stop: no new jobs, those under way to their end */
async function startWorker(parts: Parts, liveness: Liveness): Promise<() => Promise<void>> {
  const { config, log, database, queue, onError } = parts;
  const { pool, openPrisma, secretBox } = database;
  const open = accountOpener(parts);
  const common = { pool, open, wake: queue.wake, now: () => new Date(), random: Math.random, onError };
  const engine = createDeliveryEngine({
    ...common,
    report: (report) => log[levelOf(report)]({ event: 'send', ...report }),
  });
  const loops = [
    createScheduler({ ...common, queueAnswers: () => answersSoon(queue) }),
    createReconciler({ ...common, report: (report) => log.info({ event: 'look_up', ...report }) }),
    createBackfiller({
      ...common,
      found: createFoundIntake(common),
      report: (report) => log.info({ event: 'backfill', ...report }),
    }),
    createUpkeep({
      ...common,
      openPrisma,
      secretBox,
      retentionDays: config.eventRetentionDays,
      note: ({ level, ...note }) => log[level](note),
    }),
  ];
  const worker = await queue.work(createSendProcessor(engine));
  const watch = createLoop(async () => {
    const waiting = await waitingSoon(queue);
    liveness.observe(waiting === null ? null : { waiting, ...worker.consumption() }, new Date());
  }, watchMs);
  for (const loop of [...loops, watch]) loop.start();
  return async () => {
    engine.stop();
    await Promise.all([...loops.map((loop) => loop.stop()), watch.stop(), worker.stop()]);
  };
}

function accountOpener({ platforms, database }: Parts): OpenAccount {
  return {
    adapterFor: (platform) => platforms.get(platform),
    adapters: () => [...platforms.values()],
    credentialsOf: createCredentialsOpener(database.secretBox),
  };
}

/** What a person should look at stands out from what went well. */
function levelOf({ outcome, reason }: SendReport): 'info' | 'warn' | 'error' {
  if (reason === 'credentials_unreadable' || reason === 'platform_missing') return 'error';
  return outcome === 'account' || outcome === 'unknown' ? 'warn' : 'info';
}

async function answersSoon(queue: WakeQueue): Promise<boolean> {
  return (await waitingSoon(queue)) !== null;
}

/** @returns how many jobs wait; null where the queue does not answer soon */
async function waitingSoon(queue: WakeQueue): Promise<number | null> {
  const answer = queue.waiting().catch(() => null);
  return Promise.race([answer, sleep(queueAnswerMs, null, { ref: false })]);
}

/** A worker answers health checks only; everything else is the API's, which a worker does not even load. */
async function buildHttp(
  parts: Parts,
  liveness: Liveness,
  isClosing: () => boolean,
): Promise<FastifyInstance> {
  const { config, log, database, platforms, queue } = parts;
  const { pool, secretBox } = database;
  const health = healthRoutes(
    {
      database: () => pool.query('select 1'),
      queue: () => queue.waiting(),
    },
    // While the queue is away the API can still make webhooks durable; a worker has nothing to do.
    {
      required: config.role === 'worker' ? ['database', 'queue'] : ['database'],
      isClosing,
      isAlive: liveness.isConsuming,
    },
  );
  if (config.role === 'worker') return buildWorkerApp(log, health);
  const [prisma, { buildApp }, { opsRoutes }, { webhookRoutes }] = await Promise.all([
    database.openPrisma(),
    import('./api/app.ts'),
    import('./api/ops.ts'),
    import('./api/webhooks.ts'),
  ]);
  const intake = createIntake({
    pool,
    wake: queue.wake,
    now: () => new Date(),
    random: Math.random,
    onUnstorable: (error, event) => log.error({ err: error, event: 'unstorable', kind: event.kind }),
  });
  return buildApp({
    prisma,
    platforms,
    secretBox,
    deliveries: createDeliveryActions({ pool, platforms, wake: queue.wake, random: Math.random }),
    backfills: createPreviews({
      pool,
      open: accountOpener(parts),
      found: createFoundIntake({ pool, now: () => new Date(), random: Math.random, onError: parts.onError }),
      now: () => new Date(),
    }),
    publicUrl: config.publicUrl,
    logger: log,
    plugins: [
      health,
      webhookRoutes({ platforms, intake }),
      opsRoutes({
        queue: queue.queue,
        queueAnswers: () => answersSoon(queue),
        mayOperate: async (key) => (await authenticate(prisma, key))?.scopes.has('operate') ?? false,
      }),
    ],
  });
}

async function listen(app: FastifyInstance, config: Config): Promise<string> {
  try {
    return await app.listen({ port: config.port, host: config.host });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') {
      throw new StartupError(
        `Port ${config.port} on ${config.host} is in use: stop what listens there, or set PORT to another one.`,
      );
    }
    if (code === 'EACCES') {
      throw new StartupError(
        `Listening on port ${config.port} is not permitted: set PORT to one above 1023.`,
      );
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new StartupError(`${config.host} is not an address of this machine: correct HOST.`);
    }
    throw error;
  }
}
