import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { freePort, temporaryDirectory } from '../support/servers.ts';
import { query } from '../support/sql.ts';

const ownerScript = fileURLToPath(new URL('../support/embedded-owner.ts', import.meta.url));

const started: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];
const parent = temporaryDirectory('embedded');
/** One cluster for the tests that do not need a fresh one. */
const dataDir = path.join(parent.dir, 'shared');

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}) {
  const server = await startEmbeddedPostgres({ dataDir, ...options });
  started.push(server);
  return server;
}

/** A real process that owns the server, in a process group of its own. */
function startOwner(dir = dataDir) {
  const child = spawn(process.execPath, [ownerScript, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const nextLine = async () => String((await once(lines, 'line'))[0]);
  return { child, nextLine };
}

async function startedOwner(dir = dataDir) {
  const owner = startOwner(dir);
  const server = JSON.parse(await owner.nextLine()) as { url: string; startedHere: boolean };
  return { ...owner, ...server };
}

async function kill9(child: ChildProcess) {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Servers, tools and guards of the clusters below a directory. */
function processesOf(dir: string): string[] {
  const { stdout } = spawnSync('ps', ['-ewwo', 'pid,args'], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(dir) && line.includes('/postgres'));
}

const guards = () => processesOf(dataDir).filter((line) => line.includes('fairdrop-postgres-guard'));
const pidFile = (dir = dataDir) => path.join(dir, 'postgres', 'postmaster.pid');
const serverLog = (dir = dataDir) => readFileSync(path.join(dir, 'postgres', 'server.log'), 'utf8');

beforeAll(async () => {
  await (await start()).stop();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map((server) => server.stop()));
  await expect.poll(() => processesOf(parent.dir), { timeout: 60_000 }).toEqual([]);
});

afterAll(() => parent.remove());

describe('a start', () => {
  it('gives a UTF-8 database on loopback only, to a role that is no superuser', async () => {
    const { url, startedHere } = await start();
    expect(startedHere).toBe(true);
    const [role] = await query(url, 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
    expect(role).toEqual({ rolsuper: false });
    const [settings] = await query(
      url.replace('//fairdrop:', '//postgres:'),
      `SELECT current_database() AS database, current_setting('server_encoding') AS encoding,
              current_setting('listen_addresses') AS addresses, current_setting('fsync') AS fsync,
              current_setting('unix_socket_directories') AS sockets, current_setting('max_connections') AS connections`,
    );
    expect(settings).toEqual({
      database: 'fairdrop',
      encoding: 'UTF8',
      addresses: '127.0.0.1',
      fsync: 'on',
      sockets: '',
      connections: '100',
    });
  });

  it('protects the database with a password that only the owner of the process can read', async () => {
    const { url } = await start();
    const file = path.join(dataDir, 'postgres-password');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(file).uid).toBe(process.getuid?.());
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('finds the data that was there before', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept (n int)');
    await query(first.url, 'INSERT INTO kept VALUES (7)');
    await first.stop();
    await expect(query(first.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    const second = await start();
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('takes another port when the chosen one is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const taken = (other.address() as { port: number }).port;
    const asked: number[] = [];
    const choosePort = async () => {
      const port = asked.length === 0 ? taken : await freePort();
      asked.push(port);
      return port;
    };
    const { url } = await start({ choosePort });
    expect(asked[0]).toBe(taken);
    expect(asked).toHaveLength(2);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('refuses the data of another PostgreSQL release and says what to do', async () => {
    const file = path.join(dataDir, 'postgres', 'PG_VERSION');
    const version = readFileSync(file, 'utf8');
    writeFileSync(file, '15\n');
    onTestFinished(() => writeFileSync(file, version));
    await expect(start()).rejects.toThrow(
      /written by PostgreSQL 15 and this is PostgreSQL 18: install .* DATABASE_URL/,
    );
  });

  it('does not touch a directory that is not a cluster', async () => {
    const dir = path.join(parent.dir, 'stranger');
    const file = path.join(dir, 'postgres', 'diary.txt');
    spawnSync('mkdir', ['-p', path.dirname(file)]);
    writeFileSync(file, 'dear diary');
    await expect(start({ dataDir: dir })).rejects.toThrow('not a PostgreSQL cluster');
    expect(readFileSync(file, 'utf8')).toBe('dear diary');
  });

  // Only root runs PostgreSQL as another user, who may be shut out.
  it.skipIf(process.getuid?.() !== 0)(
    'keeps its data elsewhere when root closed the directory to others',
    async () => {
      const closed = path.join(parent.dir, 'closed');
      spawnSync('mkdir', ['-m', '700', closed]);
      const log: string[] = [];
      const first = await start({ dataDir: path.join(closed, '.data'), log: (line) => log.push(line) });
      onTestFinished(() => rmSync(first.dataDir, { recursive: true, force: true }));
      expect(first.dataDir).toMatch(/^\/var\/lib\/fairdrop\/[0-9a-f]{16}$/);
      expect(log.join('\n')).toContain(first.dataDir);
      expect(statSync(closed).mode & 0o777).toBe(0o700);
      await query(first.url, 'CREATE TABLE kept (n int)');
      await first.stop();
      // Opening the directory later must not make the data disappear.
      chmodSync(closed, 0o755);
      const second = await start({ dataDir: path.join(closed, '.data') });
      expect(await query(second.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }]);
      await second.stop();
    },
  );
});

describe('a second process', () => {
  it('uses the server that is already running, and does not stop it', async () => {
    const owner = await start();
    const guest = await start();
    expect(guest).toMatchObject({ url: owner.url, startedHere: false });
    await guest.stop();
    expect(await query(owner.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('waits for a server that is shutting down, and starts it again', async () => {
    const first = await start();
    const stopping = first.stop();
    const second = await start();
    await stopping;
    expect(second.startedHere).toBe(true);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('shares one cluster when two start in an empty directory at once', async () => {
    const dir = path.join(parent.dir, 'race');
    const servers = await Promise.all([startedOwner(dir), startedOwner(dir), startedOwner(dir)]);
    expect(servers.filter(({ startedHere }) => startedHere)).toHaveLength(1);
    expect(new Set(servers.map(({ url }) => url)).size).toBe(1);
    expect(await query(servers[0].url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(readdirSync(dir).sort()).toEqual(['postgres', 'postgres-password']);
  });
});

describe('the end of the process that started the server', () => {
  it('by kill -9 stops the server in order', async () => {
    const owner = await startedOwner();
    const sizeBefore = serverLog().length;
    await kill9(owner.child);
    await expect
      .poll(() => serverLog().slice(sizeBefore), { timeout: 60_000 })
      .toContain('database system is shut down');
    expect(existsSync(pidFile())).toBe(false);
  });

  it('by kill -9 in the middle of its start leaves no server either', async () => {
    const owner = startOwner();
    await expect.poll(() => existsSync(pidFile()), { interval: 1, timeout: 60_000 }).toBe(true);
    await kill9(owner.child);
    await expect.poll(() => processesOf(dataDir), { timeout: 60_000 }).toEqual([]);
    expect(existsSync(pidFile())).toBe(false);
  });

  it('together with its guard leaves a server that the next start takes over', async () => {
    const owner = await startedOwner();
    const pid = readFileSync(pidFile(), 'utf8').split('\n')[0];
    for (const guard of guards()) process.kill(Number.parseInt(guard, 10), 'SIGKILL');
    await kill9(owner.child);
    expect(await query(owner.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const next = await start();
    expect(next.startedHere).toBe(true);
    expect(readFileSync(pidFile(), 'utf8').split('\n')[0]).not.toBe(pid);
    await next.stop();
    expect(existsSync(pidFile())).toBe(false);
  });

  it('by kill -9 does not take down the server of its successor', async () => {
    const owner = await startedOwner();
    await kill9(owner.child);
    const successor = await start();
    expect(successor.startedHere).toBe(true);
    // Its guard has woken up by now, at the latest, and has nothing left to stop.
    await expect.poll(guards).toHaveLength(1);
    expect(await query(successor.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('lets a pipe behind it end, and stops the server', async () => {
    const command = `"${process.execPath}" "${ownerScript}" "${dataDir}" exit | cat`;
    const pipeline = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    pipeline.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await once(pipeline, 'close', { signal: AbortSignal.timeout(20_000) });
    expect(JSON.parse(output)).toMatchObject({ startedHere: true });
    await expect.poll(() => existsSync(pidFile()), { timeout: 60_000 }).toBe(false);
  });

  it('does not come with Ctrl-C: the database outlives the signal to the process group', async () => {
    const owner = await startedOwner();
    const client = new pg.Client({ connectionString: owner.url });
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.end());
    process.kill(-owner.child.pid!, 'SIGINT');
    expect(await owner.nextLine()).toBe('interrupted');
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(serverLog().trim().split('\n').at(-1)).not.toContain('shut');
  });
});

describe('what a crash leaves', () => {
  it('a pid file whose pid another program has now is no obstacle', async () => {
    // PostgreSQL believes a pid file that names a living process of its own user.
    const { uid, gid } = statSync(path.join(dataDir, 'postgres'));
    const other = spawn('sleep', ['300'], { uid, gid, cwd: '/', stdio: 'ignore' });
    children.push(other);
    writeFileSync(
      pidFile(),
      `${other.pid}\n${path.join(dataDir, 'postgres')}\n1\n5432\n\n127.0.0.1\n\nready\n`,
    );
    const { url, startedHere } = await start();
    expect(startedHere).toBe(true);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect({ exit: other.exitCode, signal: other.signalCode }).toEqual({ exit: null, signal: null });
  });

  it('a pid file of a dead process is no obstacle', async () => {
    const { pid } = spawnSync('true');
    writeFileSync(pidFile(), `${pid}\n${path.join(dataDir, 'postgres')}\n1\n5432\n\n127.0.0.1\n\nready\n`);
    const { url } = await start();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('a half-made cluster is thrown away and made again', async () => {
    const dir = path.join(parent.dir, 'interrupted');
    const owner = startOwner(dir);
    const halfMade = () => {
      const staging = existsSync(dir) && readdirSync(dir).find((name) => name.startsWith('postgres.init-'));
      return staging ? existsSync(path.join(dir, staging, 'cluster', 'base')) : false;
    };
    await expect.poll(halfMade, { interval: 1, timeout: 60_000 }).toBe(true);
    await kill9(owner.child);
    expect(existsSync(path.join(dir, 'postgres'))).toBe(false);

    const { url, startedHere } = await start({ dataDir: dir });
    expect(startedHere).toBe(true);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(readdirSync(dir).sort()).toEqual(['postgres', 'postgres-password']);
  });
});
