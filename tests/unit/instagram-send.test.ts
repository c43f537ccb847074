import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInstagramAdapter } from '../../src/platforms/instagram/adapter.ts';
import type { OutgoingMessage, PlatformAdapter, SendingAccount } from '../../src/platforms/port.ts';
import { answer, type ScriptedGraph, startScriptedGraph } from '../support/scripted-graph.ts';

const token = 'IGAAtesttoken0123456789abcdef';
const account: SendingAccount = { externalId: '17841499900000001', credentials: { accessToken: token } };
const privateReply: OutgoingMessage = {
  kind: 'private_reply',
  targetId: '17900000000000077',
  text: 'Hier, bitte: https://example.org/ü 😍',
};
const publicReply: OutgoingMessage = {
  ...privateReply,
  kind: 'public_reply',
  text: 'Look into your messages!',
};

let graph: ScriptedGraph;
const closing: (() => Promise<unknown>)[] = [];

function adapterFor(
  graphUrl: string,
  options: { timeoutMs?: number; connections?: number } = {},
): PlatformAdapter {
  const adapter = createInstagramAdapter({ appSecrets: [], verifyToken: undefined, graphUrl, ...options });
  closing.push(() => adapter.close());
  return adapter;
}

/** A server below HTTP: `onConnection` decides over every connection. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

beforeEach(async () => {
  graph = await startScriptedGraph();
  closing.push(() => graph.close());
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('a send', () => {
  test('of a private reply names the comment and comes back with both ids, exactly', async () => {
    graph.script = answer(200, '{"recipient_id":52600000000000042,"message_id":"aWdfZAG1faXRlbToxOklH"}');
    const outcome = await adapterFor(graph.url).send(privateReply, account);
    expect(outcome).toEqual({
      kind: 'sent',
      externalId: 'aWdfZAG1faXRlbToxOklH',
      recipientId: '52600000000000042',
      restMs: 0,
    });
    expect(graph.requests).toHaveLength(1);
    const request = graph.requests[0]!;
    expect(request).toMatchObject({
      method: 'POST',
      url: '/v25.0/17841499900000001/messages',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
    expect(JSON.parse(request.body)).toEqual({
      recipient: { comment_id: '17900000000000077' },
      message: { text: 'Hier, bitte: https://example.org/ü 😍' },
    });
  });

  test('of a public reply goes below the comment', async () => {
    graph.script = answer(200, { id: '18006022967821076' });
    const outcome = await adapterFor(graph.url).send(publicReply, account);
    expect(outcome).toEqual({ kind: 'sent', externalId: '18006022967821076', recipientId: null, restMs: 0 });
    expect(graph.requests[0]).toMatchObject({ method: 'POST', url: '/v25.0/17900000000000077/replies' });
    expect(JSON.parse(graph.requests[0]!.body)).toEqual({ message: 'Look into your messages!' });
  });

  test('of a direct message names the person, and no tag', async () => {
    graph.script = answer(200, { recipient_id: '52600000000000042', message_id: 'mid' });
    const directMessage: OutgoingMessage = {
      kind: 'direct_message',
      targetId: '52600000000000042',
      text: 'Here it is.',
    };
    const outcome = await adapterFor(graph.url).send(directMessage, account);
    expect(outcome).toEqual({
      kind: 'sent',
      externalId: 'mid',
      recipientId: '52600000000000042',
      restMs: 0,
    });
    expect(graph.requests[0]).toMatchObject({ method: 'POST', url: '/v25.0/17841499900000001/messages' });
    expect(JSON.parse(graph.requests[0]!.body)).toEqual({
      recipient: { id: '52600000000000042' },
      message: { text: 'Here it is.' },
    });
  });

  test('cannot leave its path by an id', async () => {
    graph.script = answer(200, { id: '1' });
    const adapter = adapterFor(graph.url);
    await adapter.send({ ...publicReply, targetId: '../me?x=1&y#z/\ud800' }, account);
    expect(graph.requests[0]!.url).toBe('/v25.0/..%2Fme%3Fx%3D1%26y%23z%2F%EF%BF%BD/replies');
    for (const targetId of ['..', '.', '']) {
      expect(await adapter.send({ ...publicReply, targetId }, account)).toMatchObject({
        kind: 'rejected',
        reason: 'invalid_target',
      });
    }
    expect(graph.requests).toHaveLength(1);
  });

  test('with a token that cannot be one asks nobody', async () => {
    for (const accessToken of ['', 'with space', 'line\r\nbreak', 'tökén']) {
      const outcome = await adapterFor(graph.url).send(privateReply, {
        ...account,
        credentials: { accessToken },
      });
      expect(outcome).toMatchObject({ kind: 'account', reason: 'token_invalid' });
    }
    expect(graph.requests).toHaveLength(0);
  });

  test('after close was not sent', async () => {
    const adapter = adapterFor(graph.url);
    await adapter.close();
    expect(await adapter.send(privateReply, account)).toMatchObject({ kind: 'not_sent' });
  });

  test('uses a connection again, and not more of them than allowed', async () => {
    const ports = new Set<number | undefined>();
    const unanswered: ServerResponse[] = [];
    graph.script = (response) => {
      ports.add(response.socket?.remotePort);
      unanswered.push(response);
    };
    const adapter = adapterFor(graph.url, { connections: 3 });
    const sends = Promise.all(Array.from({ length: 30 }, () => adapter.send(publicReply, account)));
    for (let answered = 0; answered < 30; answered += 3) {
      // All that may be open are, and nothing more comes before one of them is answered.
      await expect.poll(() => graph.requests.length).toBe(answered + 3);
      for (const response of unanswered.splice(0)) response.end('{"id":"1"}');
    }
    const outcomes = await sends;
    expect(new Set(outcomes.map((outcome) => outcome.kind))).toEqual(new Set(['sent']));
    expect(ports.size).toBe(3);
  });
});

describe('a send that provably did not happen', () => {
  test('was refused the connection', async () => {
    const { port, server } = await rawServer(() => {});
    server.close();
    await once(server, 'close');
    const outcome = await adapterFor(`http://127.0.0.1:${port}/v25.0`).send(privateReply, account);
    expect(outcome).toMatchObject({ kind: 'not_sent', reason: 'connection_refused' });
  });

  test('found no such name', async () => {
    const outcome = await adapterFor('http://graph.invalid/v25.0').send(privateReply, account);
    expect(outcome).toMatchObject({ kind: 'not_sent', reason: 'name_not_resolved' });
  });

  test('failed to agree on TLS', async () => {
    const { port } = await rawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const outcome = await adapterFor(`https://127.0.0.1:${port}/v25.0`).send(privateReply, account);
    expect(outcome).toMatchObject({ kind: 'not_sent', reason: 'no_connection' });
  });

  test('waited in vain for the TLS handshake', async () => {
    const { port } = await rawServer((socket) => socket.resume());
    const adapter = adapterFor(`https://127.0.0.1:${port}/v25.0`, { timeoutMs: 200 });
    expect(await adapter.send(privateReply, account)).toMatchObject({ kind: 'not_sent' });
  });

  test('found no free connection in time, and does not happen later either', async () => {
    graph.script = (response) => {
      if (graph.requests.length > 1) response.end('{"id":"2"}');
    };
    const adapter = adapterFor(graph.url, { timeoutMs: 300, connections: 1 });
    // Both deadlines pass in the same turn of the event loop: only then does the connection become free.
    const first = adapter.send(privateReply, account);
    const second = adapter.send(publicReply, account);
    expect(await first).toMatchObject({ kind: 'unknown' });
    expect(await second).toMatchObject({ kind: 'not_sent', reason: 'no_connection' });
    const third = await adapter.send(publicReply, account);
    expect(third).toMatchObject({ kind: 'sent', externalId: '2' });
    expect(graph.requests.map((request) => request.url)).toEqual([
      '/v25.0/17841499900000001/messages',
      '/v25.0/17900000000000077/replies',
    ]);
  });
});

describe('a send whose fate is unknown', () => {
  test('lost its connection before the platform read it', async () => {
    const { port } = await rawServer((socket) => {
      // The first bytes are in the machine, and nobody ever looks at them.
      socket.once('readable', () => socket.resetAndDestroy());
    });
    const outcome = await adapterFor(`http://127.0.0.1:${port}/v25.0`).send(privateReply, account);
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'connection_lost' });
  });

  test.each<[string, ScriptedGraph['script']]>([
    ['was reset after the platform read it', (response) => response.socket?.resetAndDestroy()],
    ['was hung up on after the platform read it', (response) => response.socket?.end()],
    [
      'was reset in the middle of the answer',
      (response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"message_id":"m"', () => response.socket?.resetAndDestroy());
      },
    ],
    [
      'was reset in the middle of a refusal',
      (response) => {
        response.writeHead(400, { 'content-length': '100' });
        response.write('{"error":{"code":190}}', () => response.socket?.resetAndDestroy());
      },
    ],
    [
      'was answered with something else than HTTP',
      (response) => response.socket?.end('SSH-2.0-OpenSSH\r\n\r\n'),
    ],
  ])('%s', async (_what, script) => {
    graph.script = script;
    const adapter = adapterFor(graph.url);
    const outcome = await adapter.send(privateReply, account);
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'connection_lost' });
    // Closing waits for whatever the adapter still does: a second try would be through by then.
    await adapter.close();
    expect(graph.requests).toHaveLength(1);
  });

  test.each<[string, ScriptedGraph['script']]>([
    ['got no answer in time', () => {}],
    [
      'got half an answer in time',
      (response) => {
        response.writeHead(200);
        response.write('{"message_id":');
      },
    ],
    [
      'got an answer that trickles on and on',
      (response) => {
        response.writeHead(200);
        const trickle = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(trickle));
      },
    ],
  ])('%s', async (_what, script) => {
    graph.script = script;
    const adapter = adapterFor(graph.url, { timeoutMs: 250 });
    const started = performance.now();
    const outcome = await adapter.send(privateReply, account);
    expect(performance.now() - started).toBeLessThan(adapter.sendTimeoutMs + 200);
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'no_answer_in_time' });
    expect(graph.requests).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['garbage', '<html>ok</html>'],
    ['JSON without an id', '{"success":true}'],
    ['an id that is none', '{"message_id":{"a":1}}'],
    ['an error', '{"error":{"code":190,"message":"m"}}'],
    ['more than anybody reads', `{"message_id":"m","filler":"${'x'.repeat(200_000)}"}`],
  ])('was answered 200 with %s', async (_what, body) => {
    graph.script = answer(200, body);
    const outcome = await adapterFor(graph.url).send(privateReply, account);
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'answer_without_id' });
    expect(graph.requests).toHaveLength(1);
  });

  test.each([201, 204, 302, 304, 500, 502, 503, 504])('was answered %i without a word', async (status) => {
    graph.script = answer(status, '', { location: `${graph.url}/elsewhere` });
    const outcome = await adapterFor(graph.url).send(privateReply, account);
    expect(outcome.kind).toBe('unknown');
    expect(graph.requests).toHaveLength(1);
  });
});
