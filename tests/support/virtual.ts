import { randomBytes } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Client, createClient } from '../../demo/client.ts';
import { type FakeInstagram, startFakeInstagram } from '../../fakes/instagram/index.ts';
import { buildApp } from '../../src/api/app.ts';
import { webhookRoutes } from '../../src/api/webhooks.ts';
import { type Backfiller, createBackfiller, type WalkReport } from '../../src/backfill/backfiller.ts';
import { createPreviews } from '../../src/backfill/preview.ts';
import { openCredentials } from '../../src/catalog/accounts.ts';
import { createSecretBox } from '../../src/crypto/secret-box.ts';
import { PrismaClient } from '../../src/db/generated/client.ts';
import { createPool } from '../../src/db/pool.ts';
import { createDeliveryActions } from '../../src/deliveries/actions.ts';
import { createDeliveryEngine } from '../../src/deliveries/deliver.ts';
import { createReconciler, type LookUpReport } from '../../src/deliveries/reconcile.ts';
import { createScheduler } from '../../src/deliveries/scheduler.ts';
import { createFoundIntake } from '../../src/intake/found.ts';
import { createIntake } from '../../src/intake/intake.ts';
import { createInstagramAdapter } from '../../src/platforms/instagram/adapter.ts';
import type { PlatformAdapter } from '../../src/platforms/port.ts';
import { createUpkeep, type UpkeepNote } from '../../src/upkeep/upkeep.ts';
import { bootstrap } from '../../src/workspaces/bootstrap.ts';
import { createDatabase, type TestDatabase } from './services.ts';
import { openStudio, type StudioAnswers } from './studio.ts';

/**
 * A whole installation in this process, against the fake Instagram over HTTP, by a clock that stands still until it is
 * moved: for what takes hours. The queue is a list that is worked off when the test says so.
 */
export interface VirtualFairdrop {
  instagram: FakeInstagram;
  client: Client;
  pool: pg.Pool;
  prisma: PrismaClient;
  now: Date;
  lookUps: LookUpReport[];
  notes: UpkeepNote[];
  walks: WalkReport[];
  /** Another worker's, on request with an adapter of its own. */
  backfiller(
    adapter?: (real: PlatformAdapter) => PlatformAdapter,
    onError?: (error: unknown) => void,
  ): Backfiller;
  later(ms: number): void;
  /** One round of everything, as the loops of a worker would do it. */
  round(): Promise<void>;
  /** Rounds with `stepMs` between them, until `forMs` have passed. */
  run(forMs: number, stepMs: number): Promise<void>;
  /** Another account, connected, with a trigger that gives a link for "guide". */
  openStudio(answers?: StudioAnswers, settings?: Record<string, unknown>): ReturnType<typeof openStudio>;
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** Call it once, at the top of a test file. */
export function useVirtualFairdrop(
  options: Partial<Parameters<typeof startFakeInstagram>[0]> & { sendTimeoutMs?: number } = {},
): VirtualFairdrop {
  const { sendTimeoutMs, ...fakeOptions } = options;
  const fairdrop = { now: new Date(), lookUps: [], notes: [], walks: [] } as unknown as VirtualFairdrop;
  const close: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const database: TestDatabase = await createDatabase();
    close.push(() => database.drop());
    const now = () => fairdrop.now;
    const appSecret = randomBytes(16).toString('hex');
    const instagram = await startFakeInstagram({ appSecret, now, ...fakeOptions });
    close.push(() => instagram.close());
    const adapter: PlatformAdapter = createInstagramAdapter({
      appSecrets: [appSecret],
      verifyToken: undefined,
      graphUrl: instagram.graphUrl,
      now,
      ...(sendTimeoutMs && { timeoutMs: sendTimeoutMs }),
    });
    close.push(() => adapter.close());
    const platforms = new Map([['instagram', adapter]]);
    const pool = createPool(database.url, () => {});
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url, max: 4 }) });
    close.push(() => Promise.all([pool.end(), prisma.$disconnect()]));
    const secretBox = createSecretBox([{ id: 'test', key: randomBytes(32) }]);

    const queued: string[] = [];
    const open = {
      adapterFor: (name: string) => platforms.get(name),
      adapters: () => [adapter],
      credentialsOf: (account: Parameters<typeof openCredentials>[1]) => openCredentials(secretBox, account),
    };
    const common = {
      pool,
      prisma,
      secretBox,
      platforms,
      open,
      now,
      random: Math.random,
      wake: (ids: string[]) => void queued.push(...ids),
      onError: (error: unknown) => expect.fail(String(error)),
    };
    const engine = createDeliveryEngine({ ...common, report: () => {} });
    const scheduler = createScheduler({ ...common, queueAnswers: async () => true });
    const reconciler = createReconciler({ ...common, report: (report) => fairdrop.lookUps.push(report) });
    const upkeep = createUpkeep({
      ...common,
      openPrisma: async () => prisma,
      retentionDays: 90,
      note: (note) => fairdrop.notes.push(note),
    });
    const found = createFoundIntake(common);
    const createWalker: VirtualFairdrop['backfiller'] = (own = (real) => real, onError = common.onError) =>
      createBackfiller({
        ...common,
        open: { ...open, adapterFor: () => own(adapter) },
        found,
        onError,
        report: (report) => fairdrop.walks.push(report),
      });
    const backfiller = createWalker();
    const intake = createIntake({ ...common, onUnstorable: (error) => expect.fail(String(error)) });
    const app = buildApp({
      ...common,
      deliveries: createDeliveryActions(common),
      backfills: createPreviews({ ...common, found }),
      plugins: [webhookRoutes({ platforms, intake })],
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    close.push(() => app.close());
    instagram.webhookUrl = `${url}/webhooks/instagram`;
    const key = `fd_test_${randomBytes(16).toString('hex')}`;
    await bootstrap(prisma, key);
    const client = createClient(url, key);

    const work = async () => {
      while (queued.length > 0) {
        const batch = queued.splice(0);
        for (let from = 0; from < batch.length; from += 32)
          await engine.deliver(batch.slice(from, from + 32));
      }
    };
    Object.assign(fairdrop, {
      instagram,
      client,
      pool,
      prisma,
      backfiller: createWalker,
      later(ms: number) {
        fairdrop.now = new Date(fairdrop.now.getTime() + ms);
      },
      async round() {
        await upkeep.tick();
        await scheduler.tick();
        await work();
        await reconciler.tick();
        await backfiller.tick();
        await work();
      },
      async run(forMs: number, stepMs: number) {
        for (let passed = 0; passed < forMs; passed += stepMs) {
          fairdrop.later(stepMs);
          await fairdrop.round();
        }
      },
      openStudio: (answers?: StudioAnswers, settings?: Record<string, unknown>) =>
        openStudio(client, instagram, answers, settings),
      query: async (sql: string, values: unknown[] = []) => (await pool.query(sql, values)).rows,
    });
  });

  afterAll(async () => {
    for (const step of close.reverse()) await step();
  });
  return fairdrop;
}
