import { Redis } from 'ioredis';

/** What a first attempt at Redis shows. */
export type RedisTrial =
  | { kind: 'answers' }
  /** It may come later, and the queue then finds it. */
  | { kind: 'away' }
  /** With this address it never will; `reason` follows the server's name in a sentence. */
  | { kind: 'useless'; reason: string };

const patienceMs = 2_000;

/** What no waiting changes. Everything else, known or not, may pass: a refused connection, a Redis that is loading. */
const useless: ReadonlyArray<[said: RegExp, reason: string]> = [
  [/^NOAUTH/, 'wants a password: put it into REDIS_URL, as in redis://:password@host:6379'],
  [/^WRONGPASS|invalid password/, 'refuses this user or password: correct REDIS_URL'],
  [/^Protocol error/, 'does not answer as Redis does: correct REDIS_URL'],
  [/DB index is out of range/, 'has no database of this number: correct the end of REDIS_URL'],
  [
    /^ERR_(SSL|TLS)_|CERT|_SIGNATURE$/,
    'cannot be reached over TLS: correct REDIS_URL (redis:// without TLS), or give the process its certificate authority (NODE_EXTRA_CA_CERTS)',
  ],
];

/** One connection, and then none: without this an address that can never work looks like a Redis that is away. */
export async function tryRedis(url: string): Promise<RedisTrial> {
  const client = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: patienceMs,
    commandTimeout: patienceMs,
  });
  const errors: (Error & { code?: string })[] = [];
  client.on('error', (error) => errors.push(error));
  await client
    .connect()
    .then(() => client.ping())
    .catch((error: Error) => errors.push(error));
  client.disconnect();
  for (const { code = '', message } of errors) {
    const [, reason] = useless.find(([said]) => said.test(message) || said.test(code)) ?? [];
    if (reason) return { kind: 'useless', reason };
  }
  return { kind: errors.length === 0 ? 'answers' : 'away' };
}
