/** A fake Instagram on a clock that a test moves, a caller of its Graph API, and a receiver of its webhooks. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  type FakeAccount,
  type FakeInstagram,
  type FakeInstagramOptions,
  startFakeInstagram,
} from '../../fakes/instagram/index.ts';

export const appSecret = 'app-secret';
export const startedAt = new Date('2026-03-01T12:00:00Z');
export const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

// biome-ignore lint/suspicious/noExplicitAny: foreign JSON, of which each test asserts the part that matters
export type Json = any;

interface Received {
  raw: Buffer;
  json: Json;
  headers: Record<string, string | string[] | undefined>;
}

/** A webhook endpoint that notes the bytes and answers with the statuses given, then 200. */
export async function receiver(...statuses: number[]) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      const query = new URL(request.url ?? '/', 'http://receiver').searchParams;
      const ours = query.get('hub.verify_token') === 'verify' && query.get('hub.mode') === 'subscribe';
      response.writeHead(ours ? 200 : 403).end(ours ? query.get('hub.challenge') : '');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    received.push({ raw, json: JSON.parse(raw.toString()), headers: request.headers });
    response.writeHead(statuses.shift() ?? 200).end('seen');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

export async function start(options: Partial<FakeInstagramOptions> = {}) {
  const clock = { at: startedAt };
  const fake = await startFakeInstagram({ appSecret, now: () => clock.at, ...options });
  onTestFinished(() => fake.close());
  const account = fake.addAccount({ username: 'creator' });
  const user = fake.addUser({ username: 'ada' });
  const pass = (ms: number) => {
    clock.at = new Date(clock.at.getTime() + ms);
  };
  const graph = caller(fake, account);
  const comment = (text = 'GUIDE') => fake.comment({ account, user, text, announce: false });
  return { fake, account, user, pass, graph, comment };
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Json;
}

export function caller(fake: FakeInstagram, account: FakeAccount) {
  return async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${fake.graphUrl}/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${account.accessToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.startsWith('application/json') ? safeJson(text) : null;
    return { status: response.status, headers: response.headers, text, json } satisfies Answer;
  };
}

function safeJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const errorOf = ({ json }: Answer) => [json.error.code, json.error.error_subcode];
export const privateReply = (comment: { id: string }, text = 'here you are') => ({
  recipient: { comment_id: comment.id },
  message: { text },
});
export const hmac = (algorithm: string, bytes: Buffer | string) =>
  createHmac(algorithm, appSecret).update(bytes).digest('hex');
