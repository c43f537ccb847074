import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createClient } from '../../demo/client.ts';
import { type Fairdrop, startFairdrop } from '../../demo/process.ts';
import { startFakeInstagram } from '../../fakes/instagram/index.ts';
import { isAlive } from '../../src/db/embedded-postmaster.ts';
import { fairdropCli, runProgram } from '../support/cli.ts';
import { freePort, startRedisServer, temporaryDirectory } from '../support/servers.ts';
import { createDatabase, hasRedis, type TestDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';

const run = promisify(execFile);
const source = (name: string) => fileURLToPath(new URL(`../../src/${name}`, import.meta.url));
const PATH = process.env.PATH ?? '';
const newKey = () => `fd_test_${randomBytes(16).toString('hex')}`;
const encryptionKey = randomBytes(32).toString('base64');

/** What a test starts and may not get to stop. */
const running = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  running.clear();
});

async function start(env: Record<string, string>): Promise<Fairdrop> {
  const fairdrop = await startFairdrop(env);
  running.add(fairdrop.process);
  return fairdrop;
}

/** An empty directory to start in: a `.env` where the tests run is none of their business. */
const nowhere = temporaryDirectory('nowhere');
afterAll(nowhere.remove);

/** A start of which nothing is expected but what it says. */
function launch(env: Record<string, string>, cwd = nowhere.dir) {
  const child = spawn(process.execPath, [source('main.ts')], { cwd, env: { PATH, ...env }, stdio: 'pipe' });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk;
  });
  const closed = once(child, 'close').then(([code]) => code as number | null);
  return { child, closed, stdout: () => stdout, stderr: () => stderr };
}

/** Asks it to end, as an orchestrator does, and expects that it does so orderly and soon. */
async function end({ process: child, output }: Fairdrop): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await expect.poll(() => child.exitCode, { timeout: 60_000, message: output().slice(-2_000) }).toBe(0);
  await exited;
}

/** @returns the port of something that is neither a database nor a queue */
async function startHttpServer(): Promise<number> {
  const server = createHttpServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function statusWith(url: string, key: string): Promise<number> {
  const response = await fetch(`${url}/v1/stats`, { headers: { authorization: `Bearer ${key}` } });
  return response.status;
}

describe('with an empty environment', () => {
  const { dir, remove } = temporaryDirectory('startup');
  const env = { DATA_DIR: path.join(dir, 'data'), PORT: '0' };
  const postmaster = () =>
    Number(readFileSync(path.join(env.DATA_DIR, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
  const processesOf = async () =>
    (await run('ps', ['-eo', 'args'])).stdout.split('\n').filter((line) => line.includes(env.DATA_DIR));
  let key: string;
  afterAll(remove);

  async function stopAndLookAround(fairdrop: Fairdrop): Promise<void> {
    const pid = postmaster();
    expect(isAlive(pid)).toBe(true);
    await end(fairdrop);
    expect(isAlive(pid)).toBe(false);
    expect(await processesOf()).toEqual([]);
  }

  it('it starts on a database of its own, says where everything is, and ends without a trace', async () => {
    const fairdrop = await start(env);
    await expect.poll(fairdrop.output).toMatch(/Queue +in PostgreSQL/);
    const banner = fairdrop.output();
    expect(banner).toContain(`${fairdrop.url}/v1`);
    expect(banner).toMatch(new RegExp(`OpenAPI +${fairdrop.url}/docs`));
    expect(banner).toMatch(new RegExp(`Bull Board +${fairdrop.url}/ops/queues`));
    expect(banner).toContain('npm run fairdrop -- key create');
    expect((await fetch(`${fairdrop.url}/readyz`)).status).toBe(200);

    const made = await fairdropCli(env, 'key', 'create');
    key = made.stdout.trim();
    expect(made.stdout).toMatch(/^fd_\S+\n$/);
    expect(await statusWith(fairdrop.url, key)).toBe(200);
    expect(await statusWith(fairdrop.url, `${key.slice(0, -1)}_`)).toBe(401);
    expect((await fetch(`${fairdrop.url}/readyz`)).status).toBe(200);
    await stopAndLookAround(fairdrop);
  });

  it('it keeps its data from one start to the next and asks for no key again', async () => {
    const fairdrop = await start(env);
    expect(await statusWith(fairdrop.url, key)).toBe(200);
    expect(fairdrop.output()).not.toContain('You have no API key yet');
    await stopAndLookAround(fairdrop);
  });

  it('it comes back after kill -9 with everything that was there', async () => {
    const killed = await start(env);
    const client = createClient(killed.url, key);
    const { id } = await client.post<{ id: string }>('/v1/resources', {
      name: 'kept',
      kind: 'text',
      text: 'x',
    });
    const exited = once(killed.process, 'exit');
    killed.process.kill('SIGKILL');
    await exited;

    const fairdrop = await start(env);
    expect(await createClient(fairdrop.url, key).get(`/v1/resources/${id}`)).toMatchObject({ name: 'kept' });
    await stopAndLookAround(fairdrop);
  });

  it('it makes no new key in place of one that accounts need, and says which file is missing', async () => {
    const instagram = await startFakeInstagram({ appSecret: 'secret' });
    onTestFinished(() => instagram.close());
    const given = { ...env, INSTAGRAM_GRAPH_URL: instagram.graphUrl };
    const fairdrop = await start(given);
    const { accessToken } = instagram.addAccount({ username: 'studio' });
    await createClient(fairdrop.url, key).post('/v1/accounts', { platform: 'instagram', accessToken });
    await stopAndLookAround(fairdrop);

    const file = path.join(env.DATA_DIR, 'encryption.key');
    const kept = readFileSync(file);
    const refused = async () => {
      const started = launch(given);
      expect(await started.closed).toBe(1);
      expect(await processesOf()).toEqual([]);
      return started.stderr();
    };
    rmSync(file);
    expect(await refused()).toMatch(
      /^Fairdrop cannot start\. The key file .*encryption\.key is missing.*backup.*\n$/,
    );
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`);
    expect(await refused()).toMatch(
      /^Fairdrop cannot start\. The key in .*encryption\.key is not the one.*\n$/,
    );
    writeFileSync(file, kept);
    await stopAndLookAround(await start(given));
  }, 60_000);

  it('a process that uses the database of another says so, and answers what it was asked when that ends', async () => {
    const owner = await start(env);
    const second = await start(env);
    await expect.poll(second.output).toMatch(/Database .*that of another process, and ends with it\n/);
    expect(owner.output()).not.toContain('of another process');

    const { hostname, port } = new URL(second.url);
    const asking = connect(Number(port), hostname);
    asking.write('POST /webhooks/instagram HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{');
    await once(asking, 'connect');
    let answer = '';
    asking.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk;
    });
    await end(owner);
    await expect.poll(second.output, { timeout: 60_000 }).toContain('finishing what is under way');
    asking.write('}');
    await expect.poll(() => answer).toMatch(/^HTTP\/1\.1 \d{3} /);
    await expect.poll(() => second.process.exitCode, { timeout: 40_000 }).toBe(1);
  }, 90_000);

  it('it does not say that it is up when it was told to stop during its start', async () => {
    const fresh = temporaryDirectory('interrupted');
    onTestFinished(fresh.remove);
    const started = launch({ DATA_DIR: path.join(fresh.dir, 'data'), PORT: '0' });
    await expect.poll(started.stdout, { timeout: 60_000 }).toContain('creating a PostgreSQL');
    started.child.kill('SIGINT');
    expect(await started.closed).toBe(0);
    expect(started.stdout()).toContain('SIGINT: finishing what is under way');
    expect(started.stdout()).not.toContain('Fairdrop is up');
  });
});

describe('with a database that is given', () => {
  let database: TestDatabase;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url, ENCRYPTION_KEY: encryptionKey, PORT: '0', LOG_LEVEL: 'warn' };
  });
  afterAll(() => database?.drop());

  const elsewhere = (change: (url: URL) => void): Record<string, string> => {
    const url = new URL(database.url);
    change(url);
    return { ...env, DATABASE_URL: url.href };
  };

  async function expectRefusal(given: Record<string, string>, ...says: RegExp[]): Promise<void> {
    const started = launch(given);
    expect(await started.closed).toBe(1);
    const lines = started.stderr().split('\n');
    expect(lines).toEqual([expect.stringMatching(/^Fairdrop cannot start\. \S.*\.$/), '']);
    for (const sentence of says) expect(lines[0]).toMatch(sentence);
    expect(started.stdout() + started.stderr()).not.toMatch(/^\s+at |node_modules|file:\/\//m);
    const { password } = new URL(database.url);
    if (password) expect(started.stdout() + started.stderr()).not.toContain(password);
  }

  it('it says that the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expectRefusal({ ...env, PORT: String(port) }, new RegExp(`Port ${port}.* in use`), /set PORT/);
    server.close();
  });

  it('it says that the database cannot be reached', async () => {
    const port = String(await freePort());
    const given = elsewhere((url) => {
      url.port = port;
    });
    await expectRefusal(given, /cannot be reached/, new RegExp(port), /start it, correct DATABASE_URL/);
  });

  it('it says that the host of the database has no address', async () => {
    const given = elsewhere((url) => {
      url.hostname = 'nowhere.invalid';
    });
    await expectRefusal(given, /cannot be reached/, /nowhere\.invalid/);
  });

  it('it gives up on a database that takes the connection and says nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const started = launch({ ...env, DATABASE_URL: `postgres://a:b@127.0.0.1:${port}/c` });
    try {
      await expect.poll(() => started.child.exitCode, { timeout: 60_000 }).toBe(1);
      expect(started.stderr()).toMatch(/^Fairdrop cannot start\. .*127\.0\.0\.1.*\n$/);
    } finally {
      started.child.kill('SIGKILL');
      server.close();
    }
  });

  it('it says that its own database cannot be kept where DATA_DIR points', async () => {
    const { dir, remove } = temporaryDirectory('no-directory');
    const file = path.join(dir, 'file');
    writeFileSync(file, '');
    await expectRefusal(
      { ...env, DATABASE_URL: '', ENCRYPTION_KEY: '', DATA_DIR: file },
      /DATA_DIR|directory/,
    );
    remove();
  });

  it('it says that the password of the database is wrong (skipped where the server trusts everybody)', async (test) => {
    const given = elsewhere((url) => {
      url.password = 'not-the-password';
    });
    const client = new pg.Client({ connectionString: given.DATABASE_URL });
    const trusted = await client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
    test.skip(trusted, 'this server lets everybody in without a password');
    await expectRefusal(given, /refuses this user or password/, /correct DATABASE_URL/);
  });

  it('it says that there is no such database', async () => {
    const name = `absent_${randomBytes(4).toString('hex')}`;
    const given = elsewhere((url) => {
      url.pathname = `/${name}`;
    });
    await expectRefusal(given, /no such database/, new RegExp(name), /create it/);
  });

  it.each<[string, Record<string, string>, ...RegExp[]]>([
    ['ENCRYPTION_KEY is too short', { ENCRYPTION_KEY: 'abc' }, /ENCRYPTION_KEY/, /openssl rand -base64 32/],
    ['ENCRYPTION_KEY is missing', { ENCRYPTION_KEY: '' }, /ENCRYPTION_KEY is not/, /openssl rand -base64 32/],
    ['PORT is no number', { PORT: 'abc' }, /PORT must be a port number/],
    ['PORT is too high', { PORT: '70000' }, /PORT must be a port number/],
    ['ROLE is unknown', { ROLE: 'boss' }, /ROLE must be all, api or worker/],
    ['REDIS_URL is no address', { REDIS_URL: 'foo' }, /REDIS_URL must look like redis:/],
    ['REDIS_URL names no number', { REDIS_URL: 'redis://x/one' }, /REDIS_URL must end in the number/],
    ['DATABASE_URL is no address', { DATABASE_URL: 'foo' }, /DATABASE_URL must look like postgres:/],
    ['PUBLIC_URL is no address', { PUBLIC_URL: 'example.org' }, /PUBLIC_URL must be an address/],
    ['the bootstrap key is short', { FAIRDROP_BOOTSTRAP_KEY: 'short' }, /FAIRDROP_BOOTSTRAP_KEY must be 24/],
    ['HOST is elsewhere', { HOST: '192.0.2.1' }, /192\.0\.2\.1 is not an address of this machine/],
    ['two are wrong', { PORT: 'abc', ROLE: 'boss' }, /PORT must be/, /ROLE must be/],
  ])('it says what to do when %s', async (_what, given, ...says) => {
    await expectRefusal({ ...env, ...given }, ...says);
  });

  it('it says that the database’s address belongs to something else', async () => {
    const port = await startHttpServer();
    for (const mode of ['disable', 'no-verify']) {
      const DATABASE_URL = `postgres://a:b@127.0.0.1:${port}/c?sslmode=${mode}`;
      await expectRefusal({ ...env, DATABASE_URL }, new RegExp(`${port}/c does not answer as PostgreSQL`));
    }
  });

  it('it says that the database does not encrypt (skipped where it does)', async (test) => {
    const [row] = await query(database.url, `select current_setting('ssl') as ssl`);
    test.skip(row?.ssl === 'on', 'this server encrypts');
    const given = elsewhere((url) => {
      url.search = '?sslmode=no-verify';
    });
    await expectRefusal(given, /does not support SSL connections/, /correct DATABASE_URL/);
  });

  it('it says in one line what nobody has foreseen, and with DEBUG where it comes from', async () => {
    const own = await createDatabase();
    onTestFinished(() => own.drop());
    await query(own.url, 'drop table accounts cascade');
    const given = { ...env, DATABASE_URL: own.url };
    const started = launch(given);
    expect(await started.closed).toBe(1);
    expect(started.stderr()).toMatch(/^Fairdrop cannot start\. .*accounts.*DEBUG=1.*\n$/);
    const debugged = launch({ ...given, DEBUG: '1' });
    expect(await debugged.closed).toBe(1);
    expect(debugged.stderr()).toMatch(/^Fairdrop cannot start\. .*\n(?:.*\n)*\s+at .*src\//);
  });

  it('it says that the queue’s address belongs to something else', async () => {
    const port = await startHttpServer();
    const address = new RegExp(`Redis at 127.0.0.1:${port} `);
    await expectRefusal({ ...env, REDIS_URL: `redis://127.0.0.1:${port}` }, address, /as Redis does/);
    await expectRefusal({ ...env, REDIS_URL: `rediss://127.0.0.1:${port}` }, address, /over TLS/);
  });

  it.skipIf(!hasRedis)(
    'it says that the queue wants a password, another one, or has no such database',
    async () => {
      const redis = await startRedisServer();
      onTestFinished(() => redis.stop());
      const commander = new Redis(redis.url);
      await commander.config('SET', 'requirepass', 'open-sesame');
      commander.disconnect();
      const { host } = new URL(redis.url);
      await expectRefusal({ ...env, REDIS_URL: redis.url }, /wants a password/, /REDIS_URL/);
      await expectRefusal({ ...env, REDIS_URL: `redis://:wrong@${host}` }, /refuses this user or password/);
      await expectRefusal(
        { ...env, REDIS_URL: `redis://:open-sesame@${host}/99` },
        /no database of this number/,
      );
      const fairdrop = await start({ ...env, REDIS_URL: `redis://:open-sesame@${host}` });
      await expect.poll(fairdrop.output).toMatch(/Queue +Redis at [\d.:]+\n/);
      await end(fairdrop);
    },
    60_000,
  );

  it('it starts while the queue is away, and says so', async () => {
    const fairdrop = await start({
      ...env,
      REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
      LOG_LEVEL: 'fatal',
    });
    await expect.poll(fairdrop.output).toMatch(/Queue +Redis at [\d.:]+ \(does not answer yet\)\n/);
    await end(fairdrop);
  });

  it('it reads .env where it is started, and the environment goes first', async () => {
    const { dir, remove } = temporaryDirectory('dotenv');
    const key = newKey();
    const other = await createDatabase();
    const settings = { ...env, DATABASE_URL: other.url, FAIRDROP_BOOTSTRAP_KEY: key, PORT: 'abc' };
    const text = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(path.join(dir, '.env'), text.join(''));

    const refused = launch({}, dir);
    expect(await refused.closed).toBe(1);
    expect(refused.stderr()).toMatch(/PORT must be/);

    const started = launch({ PORT: '0' }, dir);
    await expect.poll(started.stdout, { timeout: 60_000 }).toMatch(/API +http/);
    expect(await statusWith(started.stdout().match(/API +(.*)\/v1/)?.[1] ?? '', key)).toBe(200);
    started.child.kill('SIGTERM');
    expect(await started.closed).toBe(0);
    expect(started.stderr()).toBe('');
    await other.drop();
    remove();
  });

  it('it is not misled by a .env where a test or the demo that starts it is run', async () => {
    const { dir, remove } = temporaryDirectory('poisoned');
    const poison =
      'ROLE=boss\nDATABASE_URL=postgres://elsewhere.invalid/x\nREDIS_URL=redis://elsewhere.invalid\n';
    writeFileSync(path.join(dir, '.env'), poison);
    // That the poison works: whoever does start there reads it.
    const poisoned = launch({ ...env }, dir);
    expect(await poisoned.closed).toBe(1);
    expect(poisoned.stderr()).toMatch(/ROLE must be/);

    const script = `
      import { readdirSync } from 'node:fs';
      import { startFairdrop } from ${JSON.stringify(new URL('../../demo/process.ts', import.meta.url))};
      const fairdrop = await startFairdrop(${JSON.stringify(env)});
      console.log(fairdrop.output());
      await fairdrop.stop();
      console.log('left:', readdirSync('.').join());`;
    const said = await runProgram(['--input-type=module', '--eval', script], { cwd: dir });
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toMatch(/API +http/);
    expect(said.stdout).toMatch(/Queue +in PostgreSQL/);
    expect(said.stdout).toContain('left: .env\n');
    remove();
  });

  it('it takes the bootstrap key on an empty database, and a second start with it changes nothing', async () => {
    const given = { ...env, FAIRDROP_BOOTSTRAP_KEY: newKey() };
    const keys = () => query(database.url, 'select id, workspace_id, scopes from api_keys');
    const seen = [];
    for (const _start of ['first', 'second']) {
      const fairdrop = await start(given);
      expect(await statusWith(fairdrop.url, given.FAIRDROP_BOOTSTRAP_KEY)).toBe(200);
      expect(fairdrop.output()).not.toContain('You have no API key yet');
      await end(fairdrop);
      seen.push(await keys());
    }
    expect(seen[0]).toHaveLength(1);
    expect(seen[1]).toEqual(seen[0]);

    const stranger = await start({ ...env, FAIRDROP_BOOTSTRAP_KEY: newKey() });
    expect(await statusWith(stranger.url, 'fd_some_other_key')).toBe(401);
    expect(await keys()).toEqual(seen[0]);
    await end(stranger);
  });

  it('the API takes comments while no worker runs, and a worker that comes later answers them', async () => {
    const own = await createDatabase();
    const instagram = await startFakeInstagram({ appSecret: 'secret' });
    const key = newKey();
    const given = {
      ...env,
      DATABASE_URL: own.url,
      FAIRDROP_BOOTSTRAP_KEY: key,
      INSTAGRAM_APP_SECRET: 'secret',
      INSTAGRAM_GRAPH_URL: instagram.graphUrl,
    };
    const api = await start({ ...given, ROLE: 'api' });
    const client = createClient(api.url, key);
    const account = instagram.addAccount({ username: 'studio' });
    const { accessToken } = account;
    const connected = await client.post<{ id: string }>('/v1/accounts', {
      platform: 'instagram',
      accessToken,
    });
    const resource = await client.post<{ id: string }>('/v1/resources', {
      name: 'Guide',
      kind: 'link',
      url: 'https://studio.example/guide',
    });
    const trigger = { name: 'Guide', keywords: ['guide'], dmTemplates: [{ text: '{{ resource.url }}' }] };
    await client.post('/v1/triggers', { ...trigger, accountId: connected.id, resourceId: resource.id });
    instagram.webhookUrl = `${api.url}/webhooks/instagram`;
    const user = instagram.addUser({ username: 'reader' });
    const comment = await instagram.comment({ account, user, text: 'guide' });

    expect(instagram.webhookCounts).toMatchObject({ attempts: 1, acknowledged: 1 });
    expect(await client.get('/v1/stats')).toMatchObject({ received: 1, waiting: 1, delivered: 0 });
    expect(instagram.sent).toEqual([]);

    const worker = await start({ ...given, ROLE: 'worker' });
    for (const [path, status, code] of [
      ['/webhooks/instagram', 404, 'route_not_found'],
      ['/%zz', 400, 'url_malformed'],
    ] as const) {
      const answer = await fetch(`${worker.url}${path}`, { method: 'POST' });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        status,
        expect.stringContaining('application/problem+json'),
      ]);
      expect(await answer.json()).toMatchObject({ code, detail: expect.not.stringContaining('/docs') });
    }
    await expect.poll(() => instagram.sent, { timeout: 60_000 }).toMatchObject([{ commentId: comment.id }]);
    await expect
      .poll(() => client.get('/v1/stats'), { timeout: 60_000 })
      .toMatchObject({ waiting: 0, delivered: 1 });
    await Promise.all([end(api), end(worker)]);
    await instagram.close();
    await own.drop();
  });
});
