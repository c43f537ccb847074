/** `npm run fake -- instagram`: a fake platform in a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { type FakeInstagram, startFakeInstagram } from './instagram/index.ts';

/** For how long a webhook may still be starting, so that it does not matter who is started first. */
const handshakePatienceMs = 30_000;
const handshakePauseMs = 500;
const handshakeTimeoutMs = 5_000;

interface InstagramFlags {
  port: number;
  webhookUrl?: string;
  appSecret: string;
  verifyToken: string;
  username: string;
  token?: string;
  repliesPerHour: number;
  latencyMs: number;
  echoes: boolean;
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('a whole number, please');
  return Number(value);
}

const program = new Command('fake').description('Fake platforms for development and tests');

program
  .command('instagram')
  .description('graph.instagram.com: comments in, private replies out')
  .option('--port <n>', 'where to listen; 0 picks a free port', wholeNumber, 0)
  .option('--webhook-url <url>', "Fairdrop's webhook, e.g. http://127.0.0.1:3000/webhooks/instagram")
  .option('--app-secret <secret>', 'signs the webhooks', 'fake-app-secret')
  .option('--verify-token <token>', 'for the handshake', 'fake-verify-token')
  .option('--username <name>', 'of the sample account', 'fair.creator')
  .option('--token <token>', 'access token of the sample account; a random one otherwise')
  .option('--replies-per-hour <n>', 'private replies per hour and account', wholeNumber, 750)
  .option('--latency-ms <n>', 'added to every answer', wholeNumber, 0)
  .option('--no-echoes', 'do not announce what was sent')
  .action(runInstagram);

async function start(options: Parameters<typeof startFakeInstagram>[0]): Promise<FakeInstagram> {
  try {
    return await startFakeInstagram(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'EADDRINUSE' ? `Port ${options.port} is in use: choose another one with --port.` : message;
    console.error(`The fake Instagram cannot start. ${why}`);
    process.exit(1);
  }
}

async function runInstagram(flags: InstagramFlags): Promise<void> {
  const fake = await start({
    appSecret: flags.appSecret,
    verifyToken: flags.verifyToken,
    port: flags.port,
    privateRepliesPerHour: flags.repliesPerHour,
    latencyMs: flags.latencyMs,
    sendEchoes: flags.echoes,
    control: true,
    ...(flags.webhookUrl === undefined ? {} : { webhookUrl: flags.webhookUrl }),
  });
  const account = fake.addAccount({
    username: flags.username,
    ...(flags.token === undefined ? {} : { accessToken: flags.token }),
  });
  const controlUrl = new URL('/_fake', fake.graphUrl).href;
  const lines = [
    `INSTAGRAM_GRAPH_URL     ${fake.graphUrl}`,
    `INSTAGRAM_APP_SECRET    ${flags.appSecret}`,
    `INSTAGRAM_VERIFY_TOKEN  ${flags.verifyToken}`,
    `webhook                 ${fake.webhookUrl ?? `none yet: POST ${controlUrl}/webhook {"url": …}`}`,
    '',
    `account  @${account.username}`,
    `id       ${account.id}`,
    `token    ${account.accessToken}`,
    '',
    'Somebody comments:',
    `  curl -X POST ${controlUrl}/comments -H 'content-type: application/json' \\`,
    `    -d '{"username": "ada", "text": "GUIDE"}'`,
    `What was sent:    curl ${controlUrl}/sent`,
    `Everything else:  curl ${controlUrl}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort();
    void fake.close();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  if (fake.webhookUrl !== undefined) await confirmWebhook(fake, flags.verifyToken, stopping.signal);
}

/** Asks the webhook to confirm its verify token, as Meta does once when it is registered. */
async function confirmWebhook(fake: FakeInstagram, verifyToken: string, signal: AbortSignal): Promise<void> {
  const giveUpAtMs = performance.now() + handshakePatienceMs;
  for (let said = ''; ; ) {
    if (await fake.handshake().catch(() => false)) {
      process.stdout.write('\nhandshake with the webhook: confirmed\n');
      return;
    }
    const why = await whyUnconfirmed(fake.webhookUrl ?? '', verifyToken);
    if (signal.aborted) return;
    const late = performance.now() > giveUpAtMs;
    if (late || why !== said) {
      const next = late ? 'its events are posted all the same' : 'trying again';
      process.stdout.write(`\nhandshake with the webhook: not confirmed (${why}); ${next}\n`);
    }
    if (late) return;
    said = why;
    await sleep(handshakePauseMs, undefined, { signal }).catch(() => {});
  }
}

async function whyUnconfirmed(webhookUrl: string, verifyToken: string): Promise<string> {
  try {
    const url = new URL(webhookUrl);
    const query = { 'hub.mode': 'subscribe', 'hub.challenge': '1', 'hub.verify_token': verifyToken };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { status } = await fetch(url, { signal: AbortSignal.timeout(handshakeTimeoutMs) });
    if (status === 403) return 'it answers 403: its verify token is another one';
    return status === 200 ? 'it answers 200 without the challenge' : `it answers ${status}`;
  } catch (error) {
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    if (cause?.code === 'ECONNREFUSED') return 'connection refused: nobody listens there yet';
    return cause?.code ?? cause?.message ?? message;
  }
}

await program.parseAsync();
