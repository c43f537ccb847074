import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/servers.ts';

const program = fileURLToPath(new URL('../../fakes/main.ts', import.meta.url));
const running = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  running.clear();
});

function fake(...args: string[]) {
  const child = spawn(process.execPath, [program, 'instagram', ...args], { stdio: 'pipe' });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk;
  });
  return { child, closed: once(child, 'close'), stdout: () => stdout, stderr: () => stderr };
}

/** A webhook that confirms `token`. */
async function webhook(port: number, token: string) {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://here');
    const right = searchParams.get('hub.verify_token') === token;
    response.writeHead(right ? 200 : 403).end(right ? searchParams.get('hub.challenge') : 'no');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${address.port}/webhooks/instagram`, close: () => server.close() };
}

describe('`npm run fake -- instagram`', () => {
  it('says in one sentence that its port is in use', async () => {
    const other = await webhook(0, 'token');
    const { port } = new URL(other.url);
    const started = fake('--port', port);
    expect(await started.closed).toEqual([1, null]);
    expect(started.stderr()).toBe(
      `The fake Instagram cannot start. Port ${port} is in use: choose another one with --port.\n`,
    );
    expect(started.stdout()).toBe('');
    other.close();
  });

  it('waits for a webhook that is started after it, and says why it is not confirmed yet', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/webhooks/instagram`;
    const started = fake('--webhook-url', url, '--verify-token', 'token');
    await expect
      .poll(started.stdout, { timeout: 60_000 })
      .toMatch(/not confirmed \(connection refused.*\); trying again/);
    const late = await webhook(port, 'token');
    await expect.poll(started.stdout, { timeout: 60_000 }).toMatch(/handshake with the webhook: confirmed/);
    late.close();
  });

  it('says what is wrong with a webhook that has another verify token, and ends when it is told', async () => {
    const other = await webhook(0, 'another');
    const started = fake('--webhook-url', other.url, '--verify-token', 'token');
    await expect
      .poll(started.stdout, { timeout: 60_000 })
      .toMatch(/not confirmed \(it answers 403: its verify token/);
    started.child.kill('SIGTERM');
    await started.closed;
    expect(started.stdout().match(/not confirmed/g)).toHaveLength(1);
    expect(started.stderr()).toBe('');
    other.close();
  });
});
