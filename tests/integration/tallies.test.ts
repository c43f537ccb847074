import { readFileSync } from 'node:fs';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrismaClient } from '../../src/db/generated/client.ts';
import { createPool } from '../../src/db/pool.ts';
import type { OpenAccount } from '../../src/deliveries/account.ts';
import { createDeliveryActions } from '../../src/deliveries/actions.ts';
import { createDeliveryEngine } from '../../src/deliveries/deliver.ts';
import { createReconciler } from '../../src/deliveries/reconcile.ts';
import { createScheduler } from '../../src/deliveries/scheduler.ts';
import { newId } from '../../src/ids.ts';
import { createIntake } from '../../src/intake/intake.ts';
import type { CommentEvent, SendOutcome } from '../../src/platforms/port.ts';
import { maxMessagesPerJob } from '../../src/queue/catalog.ts';
import { readStats, type Stats } from '../../src/records/stats.ts';
import { purgeEvents } from '../../src/upkeep/retention.ts';
import { foldTallies } from '../../src/upkeep/tallies.ts';
import { aComment, scriptedPlatform } from '../support/platform.ts';
import { type Seeded, secretBox, seed } from '../support/seed.ts';
import { createDatabase, type TestDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';

let database: TestDatabase;
let seeded: Seeded;
let prisma: PrismaClient;

beforeAll(async () => {
  database = await createDatabase();
  seeded = await seed(database.url, { publicReplies: [{ text: 'Sent!', weight: 1 }] });
  prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url, max: 4 }) });
});

afterAll(async () => {
  await prisma.$disconnect();
  await seeded.close();
  await database.drop();
});

interface Counted {
  fates: { fate: string; reason: string | null; count: number }[];
  messages: { kind: string; state: string; count: number }[];
  events: number;
}

/** The same from the rows themselves. */
async function countAnew(client: Pick<PrismaClient, '$queryRaw'>, workspaceId: string): Promise<Counted> {
  const fates = await client.$queryRaw<Counted['fates']>`
    select case when e.outcome = 'skipped' then 'skipped' else d.state end as fate,
           coalesce(case when e.outcome = 'skipped' then e.reason else d.reason end, 'unspecified') as reason,
           count(*)::int as count
    from events e left join deliveries d on d.event_id = e.id and d.replayed_at is null
    where e.workspace_id = ${workspaceId}::uuid group by 1, 2`;
  const messages = await client.$queryRaw<Counted['messages']>`
    select kind, state, count(*)::int as count from messages
    where workspace_id = ${workspaceId}::uuid group by 1, 2`;
  return { fates, messages, events: fates.reduce((sum, { count }) => sum + count, 0) };
}

function expectSame(stats: Stats, counted: Counted): void {
  const sumOf = (fate: string) =>
    counted.fates.filter((row) => row.fate === fate).reduce((sum, { count }) => sum + count, 0);
  const reasonsOf = (fate: string) =>
    Object.fromEntries(
      counted.fates.filter((row) => row.fate === fate).map(({ reason, count }) => [reason, count]),
    );
  const messages = structuredClone(stats.messages) as Record<string, Record<string, number>>;
  for (const { kind, state, count } of counted.messages) {
    expect(messages[kind]?.[state], `${kind} ${state}`).toBe(count);
    (messages[kind] as Record<string, number>)[state] = 0;
  }
  expect(Object.values(messages).flatMap((states) => Object.values(states).filter(Boolean))).toEqual([]);
  expect(stats).toMatchObject({
    received: counted.events,
    delivered: sumOf('delivered'),
    waiting: sumOf('waiting'),
    skipped: sumOf('skipped'),
    failed: sumOf('failed'),
    expired: sumOf('expired'),
  });
  expect(stats.skippedByReason).toEqual(reasonsOf('skipped'));
  expect(stats.failedByReason).toEqual(reasonsOf('failed'));
  expect(stats.expiredByReason).toEqual(reasonsOf('expired'));
  const { received, delivered, waiting, skipped, failed, expired } = stats;
  expect(received).toBe(delivered + waiting + skipped + failed + expired);
}

/** Tallies and rows as of one moment. */
function sample(workspaceId: string): Promise<[Stats, Counted]> {
  return prisma.$transaction(
    async (tx) => [await readStats(tx as PrismaClient, workspaceId), await countAnew(tx, workspaceId)],
    { isolationLevel: 'RepeatableRead', maxWait: 30_000, timeout: 30_000 },
  );
}

function intakeInto(pool: pg.Pool, comments: CommentEvent[]): Promise<unknown> {
  const ports = {
    pool,
    wake: () => {},
    now: () => new Date(),
    random: Math.random,
    onUnstorable: expect.fail,
  };
  return createIntake(ports).receive(
    scriptedPlatform(() => expect.fail()),
    comments,
  );
}

const notes = async () =>
  (await query(database.url, 'select count(*)::int as count from tally_changes'))[0]?.count;

describe('while everything happens at once', () => {
  /** What the platform answers, by the comment's number: every outcome there is. */
  function answerTo(targetId: string): SendOutcome {
    const detail = 'scripted';
    switch (Number(targetId.slice(-2)) % 7) {
      case 0:
        return { kind: 'rejected', reason: 'comment_deleted', detail, answered: false };
      case 1:
        return { kind: 'unknown', reason: 'timeout', detail };
      case 2:
        return { kind: 'not_sent', reason: 'refused', detail };
      default:
        return { kind: 'sent', externalId: `m${targetId}`, recipientId: `9${targetId}`, restMs: 0 };
    }
  }

  it('the statistics are what the rows say, at every moment, also when connections are killed', async () => {
    const platform = scriptedPlatform(
      ({ targetId }) => answerTo(targetId),
      ({ targetId }) =>
        Number(targetId.slice(-1)) % 2 === 0
          ? { kind: 'found', externalId: `m${targetId}`, recipientId: null, detail: 'scripted' }
          : { kind: 'unclear', detail: 'scripted' },
    );
    const pool = createPool(database.url, () => {});
    const open: OpenAccount = {
      adapterFor: () => platform,
      adapters: () => [platform],
      credentialsOf: ({ id, credentials, credentialsKeyId }) =>
        JSON.parse(secretBox.open(credentials, credentialsKeyId, `account:${id}`)),
    };
    let now = new Date();
    const woken: string[] = [];
    const faults: unknown[] = [];
    const common = {
      pool,
      open,
      now: () => now,
      random: Math.random,
      wake: (ids: string[]) => void woken.push(...ids),
      onError: (error: unknown) => void faults.push(error),
      report: () => {},
    };
    const intake = createIntake({ ...common, onUnstorable: (error) => void faults.push(error) });
    const engine = createDeliveryEngine(common);
    const scheduler = createScheduler({ ...common, queueAnswers: async () => true });
    const reconciler = createReconciler(common);
    const actions = createDeliveryActions({ ...common, platforms: new Map([[platform.name, platform]]) });
    const by = { workspaceId: seeded.workspaceId, keyId: newId(), now };

    const rounds = 25;
    let busy = true;
    let kills = 0;
    const author = { externalId: '777', username: 'again' };
    /** What a connection that is killed makes of a round is not of interest: the next one goes on. */
    const again = (work: (round: number) => Promise<unknown>) => async () => {
      for (let round = 0; round < rounds; round += 1) await work(round).catch((error) => faults.push(error));
    };
    const untilDone = (work: () => Promise<unknown>) => async () => {
      while (busy) await work().catch((error) => faults.push(error));
    };

    const writing = Array.from({ length: 3 }, () =>
      again(async (round) => {
        const comments = Array.from({ length: 12 }, (_, index) =>
          aComment(seeded.accountExternalId, {
            // Some do not match, some are the account's own, some are of somebody who was served already.
            ...(index % 4 === 1 && { text: 'lovely' }),
            ...(index % 6 === 2 && { own: true }),
            ...(index % 6 === 3 && { author }),
          }),
        );
        await intake.receive(platform, comments);
        if (round % 5 === 4) await kill();
        if (round % 3 === 0) await intake.receive(platform, comments);
      }),
    );
    const delivering = again(async () => {
      now = new Date(now.getTime() + 45_000);
      await scheduler.tick();
      // A job names no more than that; the permits would not be enough for any number.
      while (woken.length > 0) await engine.deliver(woken.splice(0, maxMessagesPerJob));
      await reconciler.tick();
      await actions.replay({ ...by, now }, {}, { dryRun: false, limit: 2 });
    });
    /** Whoever is at work with the database in this moment; where that is nobody, the next time. */
    async function kill(): Promise<void> {
      const killed = await query(
        database.url,
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'fairdrop' and state = 'active' limit 1`,
      );
      kills += killed.length;
    }
    let samples = 0;
    const sampling = async () => {
      while (busy) {
        expectSame(...(await sample(seeded.workspaceId)));
        samples += 1;
      }
    };
    const folding = untilDone(() => foldTallies(pool));

    const watchers = Promise.all([folding(), folding(), sampling()]);
    await Promise.all([...writing.map((write) => write()), delivering()]);
    busy = false;
    await watchers;

    expect(samples).toBeGreaterThan(10);
    expect(kills).toBeGreaterThan(0);
    while ((await foldTallies(pool).catch(() => 1)) > 0);
    const [stats, counted] = await sample(seeded.workspaceId);
    expectSame(stats, counted);
    expect(await notes()).toBe(0);
    // It was about something.
    for (const fate of ['delivered', 'waiting', 'skipped', 'failed'] as const) {
      expect(stats[fate], fate).toBeGreaterThan(0);
    }
    expect(Object.keys(stats.skippedByReason).sort()).toEqual([
      'already_served',
      'keyword_absent',
      'own_comment',
    ]);
    const replayed = await query(
      database.url,
      'select count(*)::int as n from deliveries where replayed_at is not null',
    );
    expect(replayed[0]?.n).toBeGreaterThan(0);
    await pool.end();
  });
});

describe('folding', () => {
  it('that is killed half-way has done nothing', async () => {
    const pool = new pg.Pool({ connectionString: database.url, application_name: 'folding', max: 1 });
    pool.on('error', () => {});
    await intakeInto(seeded.pool, [
      aComment(seeded.accountExternalId),
      aComment(seeded.accountExternalId, { text: 'lovely' }),
    ]);
    const before = await notes();
    expect(before).toBeGreaterThan(0);
    // Whoever locks the sums lets it take the notes away, and then wait.
    const locker = new pg.Client({ connectionString: database.url });
    await locker.connect();
    await locker.query('begin');
    await locker.query('lock table tallies in share mode');
    const folding = foldTallies(pool).then(
      () => 'done',
      () => 'killed',
    );
    const isWaiting = () =>
      query(
        database.url,
        `select pid from pg_stat_activity
         where datname = current_database() and application_name = 'folding' and wait_event_type = 'Lock'`,
      );
    await expect.poll(isWaiting).toHaveLength(1);
    const [waiting] = await isWaiting();
    await query(database.url, 'select pg_terminate_backend($1)', [waiting?.pid]);
    expect(await folding).toBe('killed');
    await locker.query('commit');
    await locker.end();

    expect(await notes()).toBe(before);
    expectSame(...(await sample(seeded.workspaceId)));
    expect(await foldTallies(pool)).toBe(before);
    expect(await notes()).toBe(0);
    expectSame(...(await sample(seeded.workspaceId)));
    await pool.end();
  });
});

describe('what retention deletes', () => {
  it('was received all the same, and stays counted', async () => {
    const [before, counted] = await sample(seeded.workspaceId);
    const skipped = counted.fates
      .filter(({ fate, reason }) => fate === 'skipped' && reason !== 'already_served')
      .reduce((sum, { count }) => sum + count, 0);
    expect(skipped).toBeGreaterThan(0);
    const inAYear = new Date(Date.now() + 365 * 24 * 60 * 60_000);
    const pool = createPool(database.url, () => {});
    expect(await purgeEvents(pool, 90, inAYear)).toBe(skipped);
    await pool.end();
    const [after, left] = await sample(seeded.workspaceId);
    expect(after).toEqual(before);
    expect(left.events).toBe(before.received - skipped);
  });
});

describe('an installation that is older than the tallies', () => {
  it('has them with the migration, what is being sent included', async () => {
    const migration = new URL(
      '../../prisma/migrations/20261125010000_tallies/migration.sql',
      import.meta.url,
    );
    const older = await createDatabase();
    await query(older.url, 'drop table tallies, tally_changes');
    await query(older.url, 'drop index deliveries_trigger_id_id_idx');
    await query(older.url, 'create index deliveries_trigger_id_idx on deliveries (trigger_id)');
    const functions = await query(
      older.url,
      "select oid::regprocedure::text as name from pg_proc where proname like 'tally\\_%'",
    );
    expect(functions.length).toBeGreaterThan(0);
    for (const { name } of functions) await query(older.url, `drop function ${name} cascade`);

    const filled = await seed(older.url, { publicReplies: [{ text: 'Sent!', weight: 1 }] });
    const { accountExternalId } = filled;
    await intakeInto(filled.pool, [
      ...Array.from({ length: 5 }, () => aComment(accountExternalId)),
      aComment(accountExternalId, { text: 'lovely' }),
      aComment('nobody'),
    ]);
    await query(
      older.url,
      `update messages set state = 'sending', lease_token = id, lease_until = now()
       where id in (select id from messages where kind = 'private_reply' limit 2)`,
    );
    await query(older.url, readFileSync(migration, 'utf8'));

    const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: older.url }) });
    const stats = await readStats(client, filled.workspaceId);
    expectSame(stats, await countAnew(client, filled.workspaceId));
    expect(stats).toMatchObject({
      received: 6,
      waiting: 5,
      messages: { private_reply: { queued: 3, sending: 2 }, public_reply: { held: 5 } },
    });
    await client.$disconnect();
    await filled.close();
    await older.drop();
  });
});
