/** Fairdrop as separate processes, an Instagram, and people who comment all the while something breaks. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import { type Client, createClient } from '../../demo/client.ts';
import { type Fairdrop, startFairdrop } from '../../demo/process.ts';
import {
  type FakeAccount,
  type FakeInstagram,
  type FakeInstagramOptions,
  startFakeInstagram,
} from '../../fakes/instagram/index.ts';
import { freePort } from '../support/servers.ts';
import { createDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';
import { environment, openStudio, unpaced } from '../support/studio.ts';

/** What breaks is to be seen, not what waits for its turn. */
const unbounded = {
  pacing: { private_reply: unpaced, public_reply: unpaced },
  publicRepliesPerPost: null,
};

const talkers = 8;
const accountCount = 3;

/** The answer to the first telling of a comment; status 0: none. On the clock of `performance.now()`. */
export interface WebhookAnswer {
  status: number;
  askedAtMs: number;
  answeredAtMs: number;
}

export interface Arena {
  readonly instagram: FakeInstagram;
  readonly client: Client;
  readonly accounts: readonly FakeAccount[];
  readonly databaseUrl: string;
  /** The ids of all comments that people made. */
  readonly comments: readonly string[];
  readonly answers: readonly WebhookAnswer[];
  /** Starts a process, or its successor under the same name; `api` is the API, every other name a worker. */
  start(name: string, env?: Record<string, string>): Promise<Fairdrop>;
  process(name: string): Fairdrop;
  /** Of the processes that should be running. */
  names(): string[];
  kill(name: string): Promise<void>;
  /** In good order: resolves with the exit code. */
  stop(name: string): Promise<number | null>;
  talk(comments: number): Promise<void>;
  /** One disturbance after the other, each while its share of the comments is made; resolves when all webhooks are taken. */
  talkThrough(comments: number, disturbances: readonly (() => Promise<unknown>)[]): Promise<void>;
  /**
   * What only waits for time to pass waits no longer. Workers are replaced in good order first: what is still `sending`
   * after that belongs to the dead.
   */
  fastForward(): Promise<void>;
}

/**
 * With an API and a worker running and some accounts connected; cleaned up when the test ends.
 * @param given.databaseUrl of a database of the test's own, otherwise a copy of the template is taken
 * @param given.env over the environment of the processes, such as addresses that lead through a proxy
 */
export async function openArena(
  given: {
    databaseUrl?: string | undefined;
    redisUrl?: string | undefined;
    instagram?: Partial<FakeInstagramOptions>;
    publicReplies?: { text: string }[];
    env?: (plain: Record<string, string>) => Record<string, string> | Promise<Record<string, string>>;
  } = {},
): Promise<Arena> {
  const databaseUrl = given.databaseUrl ?? (await ownDatabase());
  const appSecret = randomBytes(16).toString('hex');
  const instagram = await startFakeInstagram({
    appSecret,
    privateRepliesPerHour: Number.POSITIVE_INFINITY,
    latencyMs: 20,
    webhookRetryDelayMs: () => 200,
    // Whether a webhook was taken must not depend on how fast this machine is.
    webhookTimeoutMs: 60_000,
    ...given.instagram,
  });
  onTestFinished(() => instagram.close());
  const plain = {
    ...environment({ databaseUrl, instagram, appSecret, redisUrl: given.redisUrl }),
    PORT: String(await freePort()),
  };
  const env = { ...plain, ...(await given.env?.(plain)) };
  const url = `http://127.0.0.1:${plain.PORT}`;

  const running = new Map<string, Fairdrop>();
  onTestFinished(async () => {
    await Promise.all([...running.keys()].map(kill));
  });

  async function start(name: string, extra: Record<string, string> = {}): Promise<Fairdrop> {
    const role = name === 'api' ? { ROLE: 'api' } : { ROLE: 'worker', PORT: '0' };
    const started = await startFairdrop({ ...env, ...role, ...extra });
    running.set(name, started);
    return started;
  }

  function processOf(name: string): Fairdrop {
    const found = running.get(name);
    if (!found) throw new Error(`there is no process ${name}`);
    return found;
  }

  async function end(name: string, signal: NodeJS.Signals): Promise<number | null> {
    const { process } = processOf(name);
    running.delete(name);
    if (process.exitCode !== null || process.signalCode !== null) return process.exitCode;
    const exited = once(process, 'exit');
    process.kill(signal);
    await exited;
    return process.exitCode;
  }

  async function kill(name: string): Promise<void> {
    await end(name, 'SIGKILL');
  }

  await Promise.all([start('api'), start('worker')]);
  instagram.webhookUrl = `${url}/webhooks/instagram`;
  const client = createClient(url, env.FAIRDROP_BOOTSTRAP_KEY);
  const accounts: FakeAccount[] = [];
  for (let index = 0; index < accountCount; index += 1) {
    const answers = { publicReplies: given.publicReplies ?? [] };
    accounts.push(await openStudio(client, instagram, answers, unbounded));
  }

  const comments: string[] = [];
  const answers: WebhookAnswer[] = [];
  let talked = 0;

  async function speak(number: number): Promise<void> {
    const account = accounts[number % accounts.length]!;
    const user = instagram.addUser({ username: `u${number}` });
    const comment = await instagram.comment({ account, user, text: 'guide', announce: false });
    comments.push(comment.id);
    const askedAtMs = performance.now();
    const answer = await instagram.redeliver(comment);
    answers.push({ status: answer?.status ?? 0, askedAtMs, answeredAtMs: performance.now() });
  }

  async function talk(count: number): Promise<void> {
    const until = talked + count;
    const talker = async () => {
      while (talked < until) await speak(talked++);
    };
    await Promise.all(Array.from({ length: talkers }, talker));
  }

  return {
    instagram,
    client,
    accounts,
    databaseUrl,
    comments,
    answers,
    start,
    process: processOf,
    names: () => [...running.keys()],
    kill,
    stop: (name) => end(name, 'SIGTERM'),
    talk,
    async talkThrough(count, disturbances) {
      for (const [index, disturb] of disturbances.entries()) {
        const upTo = Math.round((count * (index + 1)) / disturbances.length);
        await Promise.all([disturb(), talk(Math.max(0, upTo - talked))]);
      }
      await instagram.settled();
    },
    async fastForward() {
      const workers = [...running.keys()].filter((name) => name !== 'api');
      for (const name of workers) expect(await end(name, 'SIGTERM'), `exit code of ${name}`).toBe(0);
      await ageLeases(databaseUrl);
      await query(databaseUrl, "update messages set due_at = now(), wake_at = now() where state = 'queued'");
      await Promise.all(workers.map((name) => start(name)));
    },
  };
}

/** Whoever is `sending` has let two minutes and more go by. */
export async function ageLeases(databaseUrl: string): Promise<void> {
  await query(
    databaseUrl,
    "update messages set lease_until = now() - interval '5 minutes' where state = 'sending'",
  );
}

async function ownDatabase(): Promise<string> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return database.url;
}
