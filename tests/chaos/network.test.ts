import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startTcpProxy, type TcpProxy, type Weather } from '../support/tcp-proxy.ts';
import { type Arena, openArena } from './arena.ts';
import { expectAlive, expectBalanced } from './final-account.ts';
import { patienceMs, sizes, testTimeoutMs } from './sizes.ts';

const { rounds, comments, awayMs } = sizes.network;

/** Longer than a send may take. */
const beyondSendTimeoutMs = 22_000;
const brokenEachTime = 5;

it(
  `a network that breaks in every way, to the platform and to the database, loses and doubles nothing over ${comments} comments`,
  async () => {
    const { arena, toPlatform, toDatabase } = await openArenaBehindProxies();
    const storms = Array.from({ length: rounds }, () => [
      ...[toPlatform, toDatabase].flatMap((proxy) => [
        breaks(proxy, { kind: 'half_answers' }),
        breaks(proxy, { kind: 'no_answers' }),
        lasts(proxy, { kind: 'cut' }, awayMs),
        lasts(proxy, { kind: 'slow', ms: 200 }, awayMs),
        lasts(proxy, { kind: 'silence' }, awayMs),
      ]),
    ]).flat();
    await arena.talkThrough(comments, [
      ...storms,
      lasts(toPlatform, { kind: 'silence' }, beyondSendTimeoutMs),
    ]);
    await arena.fastForward();

    const account = await expectBalanced(arena);
    expect(account.sent + account.unconfirmed).toBe(comments);
    expectAlive(arena);
    console.log(
      `${comments} comments, ${toPlatform.broken} connections to the platform broken and ${toDatabase.broken} to the database:`,
      account,
    );
  },
  testTimeoutMs,
);

/** Until it has done some damage; the comments that are made meanwhile see to it that there is something to break. */
function breaks(proxy: TcpProxy, weather: Weather): () => Promise<void> {
  return async () => {
    const enough = proxy.broken + brokenEachTime;
    proxy.weather = weather;
    await expect
      .poll(() => proxy.broken, { timeout: patienceMs, interval: 20 })
      .toBeGreaterThanOrEqual(enough);
    proxy.weather = { kind: 'clear' };
  };
}

function lasts(proxy: TcpProxy, weather: Weather, forMs: number): () => Promise<void> {
  return async () => {
    proxy.weather = weather;
    await sleep(forMs);
    proxy.weather = { kind: 'clear' };
  };
}

async function openArenaBehindProxies(): Promise<{
  arena: Arena;
  toPlatform: TcpProxy;
  toDatabase: TcpProxy;
}> {
  let toPlatform: TcpProxy | undefined;
  let toDatabase: TcpProxy | undefined;
  const arena = await openArena({
    publicReplies: [{ text: 'Sent!' }],
    async env(plain) {
      const platform = await throughProxy(plain.INSTAGRAM_GRAPH_URL);
      const database = await throughProxy(plain.DATABASE_URL);
      [toPlatform, toDatabase] = [platform.proxy, database.proxy];
      return { INSTAGRAM_GRAPH_URL: platform.url, DATABASE_URL: database.url };
    },
  });
  return { arena, toPlatform: toPlatform!, toDatabase: toDatabase! };
}

async function throughProxy(address = ''): Promise<{ proxy: TcpProxy; url: string }> {
  const url = new URL(address);
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  onTestFinished(() => proxy.close());
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  return { proxy, url: url.href };
}
