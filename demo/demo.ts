/**
 * The main job, watched from outside: a fake Instagram posts signed comment webhooks, Fairdrop answers with private
 * messages, and everything is asked back through the REST API. Ends with 0 only if all of it came true.
 *
 *     npm run demo            runs and ends
 *     npm run demo -- --keep  leaves both servers running
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, styleText } from 'node:util';
import {
  type FakeComment,
  type FakeInstagram,
  type FakeUser,
  startFakeInstagram,
} from '../fakes/instagram/index.ts';
import { guideTrigger, pricesTrigger, resource, scenes } from './cast.ts';
import { type Client, createClient, type Stats } from './client.ts';
import { type Fairdrop, startFairdrop } from './process.ts';
import { createRunDirectory } from './run-directory.ts';
import { describe, type Explanation, type Played } from './transcript.ts';

const patienceMs = 60_000;
/** Where people look first. */
const usualPort = 3000;

const options = readOptions();
const startedAtMs = performance.now();
const step = (text: string) => console.log(`${styleText('dim', `${seconds().padStart(5)}s`)}  ${text}`);

const appSecret = randomBytes(16).toString('hex');
const verifyToken = randomBytes(8).toString('hex');
const apiKey = `fd_demo_${randomBytes(18).toString('hex')}`;

const problems: string[] = [];
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());

const files = createRunDirectory(fileURLToPath(new URL('../.data', import.meta.url)));
const instagram = await startFakeInstagram({ appSecret, verifyToken, control: true });
let fairdrop: Fairdrop | undefined;
try {
  step(`A fake Instagram listens at ${instagram.graphUrl}`);
  fairdrop = await start();
  await Promise.race([tell(fairdrop), interrupted()]);
  if (options.keep) {
    console.log(keepText(fairdrop));
    await interrupted();
  }
} catch (error) {
  if (!interruption.signal.aborted) {
    complain([error instanceof Error ? error.message : String(error)]);
    process.exitCode = 1;
  } else if (!options.keep) {
    process.exitCode = 130;
  }
} finally {
  await fairdrop?.stop();
  await instagram.close();
  files.remove();
}
// Requests of a story that was interrupted have nobody left to answer them.
process.exit();

function readOptions(): { keep: boolean } {
  try {
    return parseArgs({ options: { keep: { type: 'boolean', default: false } } }).values;
  } catch {
    console.error(
      'Usage: npm run demo            runs and ends\n       npm run demo -- --keep  leaves both servers running',
    );
    process.exit(1);
  }
}

/** @throws when somebody wants the demo to end */
function interrupted(): Promise<never> {
  const { signal } = interruption;
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    // A server that is kept running may be asked by nobody: without a timer the process would be free to end.
    const awake = setInterval(() => {}, 60_000);
    signal.addEventListener('abort', () => {
      clearInterval(awake);
      reject(signal.reason);
    });
  });
}

async function start(): Promise<Fairdrop> {
  const port = options.keep && (await isFree(usualPort)) ? usualPort : 0;
  const started = await startFairdrop(
    {
      PORT: String(port),
      DATA_DIR: files.dir,
      LOG_LEVEL: 'warn',
      FAIRDROP_BOOTSTRAP_KEY: apiKey,
      INSTAGRAM_APP_SECRET: appSecret,
      INSTAGRAM_VERIFY_TOKEN: verifyToken,
      INSTAGRAM_GRAPH_URL: instagram.graphUrl,
    },
    { cwd: files.dir, signal: interruption.signal },
  );
  const why = options.keep && port === 0 ? ` (port ${usualPort} is in use)` : '';
  step(`Fairdrop listens at ${started.url}${why}, with an embedded PostgreSQL and its queue in it`);
  return started;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** The whole story: sets `process.exitCode` to 0 only if all of it came true. */
async function tell(fairdrop: Fairdrop): Promise<void> {
  const client = createClient(fairdrop.url, apiKey);
  const account = await configure(client, fairdrop.url);
  const played = await play(client, account);
  for (const [index, one] of played.entries()) console.log(describe(one, index + 1));
  const stats = await client.get<Stats>('/v1/stats');
  judge(played, stats);
  conclude(stats);
}

/** Connects the account, adds the resource and two triggers, all through REST. */
async function configure(client: Client, url: string) {
  const account = instagram.addAccount({ username: 'mara.makes.pottery' });
  instagram.webhookUrl = `${url}/webhooks/instagram`;
  if (!(await instagram.handshake())) throw new Error('the webhook handshake failed');
  const connected = await client.post<{ id: string; username: string }>('/v1/accounts', {
    platform: 'instagram',
    accessToken: account.accessToken,
  });
  step(`Webhook verified; account @${connected.username} connected with its token`);
  const { id: resourceId } = await client.post<{ id: string }>('/v1/resources', resource);
  for (const trigger of [guideTrigger, pricesTrigger]) {
    await client.post('/v1/triggers', { ...trigger, accountId: connected.id, resourceId });
  }
  step(
    `Resource “${resource.name}” and two triggers created: ${[...guideTrigger.keywords, ...pricesTrigger.keywords].join(', ')}`,
  );
  return account;
}

/** Lets the comments happen, waits until nothing moves any more, and asks for the explanation of each. */
async function play(client: Client, account: ReturnType<FakeInstagram['addAccount']>): Promise<Played[]> {
  const users = new Map<string, FakeUser>();
  const comments = new Map<string, FakeComment>();
  const stage = {
    instagram,
    account,
    user(username: string): FakeUser {
      const user = users.get(username) ?? instagram.addUser({ username });
      users.set(username, user);
      return user;
    },
    earlier(title: string): FakeComment {
      const comment = comments.get(title);
      if (!comment) throw new Error(`no earlier scene "${title}"`);
      return comment;
    },
  };
  for (const scene of scenes) comments.set(scene.title, await scene.play(stage));
  step(`${scenes.length} comments posted as signed webhooks; waiting for what follows`);
  await quiet(client);
  step('Everything has come to its end.');

  const events = await client.list<{ id: string; kind: string; externalId: string | null }>('/v1/events');
  return Promise.all(
    scenes.map(async (scene) => {
      const comment = stage.earlier(scene.title);
      const event = events.find(({ kind, externalId }) => kind === 'comment' && externalId === comment.id);
      if (!event) throw new Error(`the comment “${comment.text}” was never received`);
      const explanation = await client.get<Explanation>(`/v1/events/${event.id}/explain`);
      return {
        scene,
        comment,
        explanation,
        sent: instagram.sent.filter(({ commentId }) => commentId === comment.id),
      };
    }),
  );
}

/** Nothing waits, and all that was sent has come back as an echo. */
async function quiet(client: Client): Promise<void> {
  const giveUpAtMs = performance.now() + patienceMs;
  for (let before = -1; ; ) {
    await instagram.settled();
    const { received, waiting, messages } = await client.get<Stats>('/v1/stats');
    const moving = ['held', 'queued', 'sending'].some((state) =>
      Object.values(messages).some((byState) => (byState[state] ?? 0) > 0),
    );
    if (waiting === 0 && !moving && received === before) return;
    before = received;
    if (performance.now() > giveUpAtMs)
      throw new Error(`after ${patienceMs / 1000} s ${waiting} deliveries still wait`);
    await sleep(200);
  }
}

/** Compares what came out, at Instagram's end and in Fairdrop's books, with what the scenes demand. */
function judge(played: readonly Played[], stats: Stats): void {
  const check = (holds: boolean, claim: string) => {
    if (!holds) problems.push(claim);
  };
  for (const { scene, explanation, sent } of played) {
    const { expect } = scene;
    const privately = sent.filter(({ kind }) => kind === 'private_reply');
    check(
      explanation.outcome === expect.outcome && explanation.reason === expect.reason,
      `“${scene.title}” should be ${expect.outcome} (${expect.reason}), but is ${explanation.outcome} (${explanation.reason})`,
    );
    check(
      (explanation.delivery?.state ?? undefined) === expect.delivery,
      `“${scene.title}”: its delivery is ${explanation.delivery?.state}`,
    );
    check(
      explanation.delivery?.keyword === expect.keyword,
      `“${scene.title}”: matched by ${explanation.delivery?.keyword}`,
    );
    check(
      explanation.event.timesReceived === scene.told,
      `“${scene.title}”: counted ${explanation.event.timesReceived} times instead of ${scene.told}`,
    );
    check(
      privately.length === (expect.delivery === 'delivered' ? 1 : 0),
      `“${scene.title}”: ${privately.length} private messages`,
    );
    check(
      privately.every(({ text }) => text.includes(resource.url)),
      `“${scene.title}”: the message does not give the resource`,
    );
  }
  const { received, delivered, waiting, skipped, failed, expired } = stats;
  const sum = delivered + waiting + skipped + failed + expired;
  check(received === sum, `the totals do not add up: ${received} received, ${sum} accounted for`);
  check(
    received === scenes.length + instagram.sent.length,
    `${received} events instead of ${scenes.length} comments and ${instagram.sent.length} echoes`,
  );
  const served = played.filter(({ scene }) => scene.expect.delivery === 'delivered').length;
  check(delivered === served, `${delivered} deliveries instead of ${served}`);
  check(
    instagram.sent.filter(({ kind }) => kind === 'private_reply').length === served,
    'Instagram saw another number of private messages',
  );
  const variants = new Set(played.flatMap(({ sent }) => sent.map(({ text }) => text)));
  check(variants.size > 1, 'all messages read the same');
}

function conclude(stats: Stats): void {
  const { received } = stats;
  const echoes = received - scenes.length;
  console.log(`
${styleText('bold', 'Totals')}   received ${received} = ${scenes.length} comments (${fates(stats, echoes)}) + ${echoes} echoes of our own messages (skipped)`);
  complain(problems);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(styleText('green', `\n✓ All of it came true, in ${seconds()} s.\n`));
}

/** What became of the comments; echoes are always skipped. */
function fates({ delivered, waiting, skipped, failed, expired }: Stats, echoes: number): string {
  const counts = { delivered, waiting, skipped: skipped - echoes, failed, expired };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([fate, count]) => `${count} ${fate}`)
    .join(', ');
}

function complain(about: readonly string[]): void {
  for (const problem of about) console.error(styleText('red', `✗ ${problem}`));
}

function keepText({ url }: Fairdrop): string {
  const control = new URL('/_fake', instagram.graphUrl).href;
  return `Still running. Stop with Ctrl-C.

  API key     ${apiKey}
  OpenAPI     ${url}/docs
  Bull Board  ${url}/ops/queues   (any name, the API key as password)

  Somebody comments:
    curl -sS ${control}/comments -H 'Content-Type: application/json' -d '{"username":"ada","text":"GUIDE please"}'
  What was sent:
    curl -sS ${control}/sent
  What Fairdrop made of it:
    curl -sS -H 'Authorization: Bearer ${apiKey}' ${url}/v1/ledger
`;
}

function seconds(): string {
  return ((performance.now() - startedAtMs) / 1000).toFixed(1);
}
