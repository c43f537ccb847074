import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { findPostmaster, isAlive } from '../../src/db/embedded-postmaster.ts';
import { freePort, temporaryDirectory } from '../support/servers.ts';
import { queueBackends } from '../support/services.ts';
import { type Arena, openArena } from './arena.ts';
import { expectAlive, expectBalanced } from './final-account.ts';
import { long, sizes, testTimeoutMs } from './sizes.ts';

const { restarts, comments, awayMs } = sizes.postgres;
const saidMeanwhile = 10;

/** The queue in Postgres is the harder one: it goes away too. */
const backends = queueBackends.filter(({ name }) => long || name === 'postgres');

for (const backend of backends) {
  describe.skipIf(backend.skipped)(`restarting PostgreSQL, the queue in ${backend.name}`, () => {
    it(
      `${restarts} times during ${comments} comments loses nothing, and only then are webhooks answered 503`,
      async () => {
        const postgres = await startRestartablePostgres();
        const arena = await openArena({
          databaseUrl: postgres.url,
          redisUrl: backend.redisUrl,
          publicReplies: [{ text: 'Sent!' }],
        });
        const away: { fromMs: number; untilMs: number }[] = [];
        const disturbances = Array.from({ length: restarts }, (_, index) => async () => {
          const fromMs = performance.now();
          await postgres.stop(index % 2 === 0 ? 'in good order' : 'as in a crash');
          await Promise.all([sleep(awayMs), arena.talk(saidMeanwhile)]);
          await postgres.start();
          away.push({ fromMs, untilMs: performance.now() });
        });
        await arena.talkThrough(comments, [...disturbances, async () => {}]);

        expectRefusedOnlyWhile(away, arena);
        const account = await expectBalanced(arena);
        expect(account.sent + account.unconfirmed).toBe(comments);
        expectAlive(arena);
        console.log(`${backend.name}, ${restarts} restarts, ${comments} comments:`, account);
      },
      testTimeoutMs,
    );
  });
}

/** The fake repeats each until it is taken. */
function expectRefusedOnlyWhile(away: readonly { fromMs: number; untilMs: number }[], arena: Arena): void {
  const refused = arena.answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThanOrEqual(saidMeanwhile * restarts);
  for (const { status, askedAtMs, answeredAtMs } of refused) {
    expect(status).toBe(503);
    expect(away.some(({ fromMs, untilMs }) => answeredAtMs >= fromMs && askedAtMs <= untilMs)).toBe(true);
  }
}

interface RestartablePostgres {
  url: string;
  stop(how: 'in good order' | 'as in a crash'): Promise<void>;
  /** With the same data on the same port. */
  start(): Promise<void>;
}

async function startRestartablePostgres(): Promise<RestartablePostgres> {
  const { dir, remove } = temporaryDirectory('restarted');
  onTestFinished(remove);
  const port = await freePort();
  let server: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir: dir, choosePort: async () => port });
  onTestFinished(() => server.stop());
  return {
    url: server.url,
    async stop(how) {
      if (how === 'as in a crash') await crash(path.join(dir, 'postgres'));
      await server.stop();
    },
    async start() {
      server = await startEmbeddedPostgres({ dataDir: dir, choosePort: async () => port });
    },
  };
}

async function crash(clusterDir: string): Promise<void> {
  const pid = findPostmaster(clusterDir)?.pid;
  if (!pid) throw new Error('PostgreSQL does not run');
  process.kill(pid, 'SIGQUIT');
  await expect.poll(() => isAlive(pid), { timeout: 30_000, interval: 20 }).toBe(false);
}
