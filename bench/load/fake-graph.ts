/**
 * A Graph API that answers and counts, in a process of its own. The repository's fake Instagram is the faithful one, at
 * 100 µs of CPU per request; this one takes 20 µs, on a machine whose cores the measured processes need. What it does
 * keep: one private reply per comment, only from the account that was commented, only for comments that match.
 */
import { createServer, type Socket } from 'node:net';
import { serve } from '../helper-process.ts';
import { accountCount } from '../settings.ts';
import { sharedNowMs } from './clock.ts';
import {
  accessToken,
  accountExternalId,
  accountOf,
  type Batch,
  isMatching,
  matchingCount,
  readCommentId,
} from './comments.ts';

export interface Verdict {
  expected: number;
  arrived: number;
  /** Replies beyond the first to a comment. */
  repeated: number;
  /** Replies to comments that do not match or do not exist, from the wrong account, with the wrong token. */
  wrong: number;
}

interface Watch {
  batch: Batch;
  expected: number;
  arrived: number;
  /** When each comment's reply had been read, NaN where there is none. */
  atMs: Float64Array;
}

const watches = new Map<number, Watch>();
const accountsByToken = new Map(
  Array.from({ length: accountCount }, (_, account) => [accessToken(account), account]),
);
let latencyMs = 0;
let repeated = 0;
let wrong = 0;
let lastProgressMs = 0;

function handle(head: string, body: string): { status: number; json: string } {
  const token = /\r\nauthorization: Bearer (\S+)/i.exec(head)?.[1] ?? '';
  const account = accountsByToken.get(token);
  const [method, path = ''] = head.split(' ', 2);
  if (account === undefined) return refused(190, 401);
  if (method === 'GET' && path.includes('/me?')) {
    return ok(`{"user_id":"${accountExternalId(account)}","username":"creator_${account}"}`);
  }
  if (method !== 'POST' || !path.endsWith(`/${accountExternalId(account)}/messages`)) return refused(3, 400);
  return reply(account, body);
}

function reply(account: number, body: string): { status: number; json: string } {
  const id = /"comment_id":"(\d+)"/.exec(body)?.[1] ?? '';
  const comment = readCommentId(id);
  const watch = comment && watches.get(comment.run);
  if (!comment || !watch || comment.index >= watch.batch.count) return refusedAsWrong();
  const { batch, atMs } = watch;
  if (!isMatching(batch, comment.index) || accountOf(batch, comment.index) !== account)
    return refusedAsWrong();
  if (!Number.isNaN(atMs[comment.index])) {
    repeated += 1;
    return refused(100, 400);
  }
  lastProgressMs = sharedNowMs();
  atMs[comment.index] = lastProgressMs;
  watch.arrived += 1;
  return ok(`{"recipient_id":"9${id}","message_id":"aWdfZAG${id}"}`);
}

const ok = (json: string) => ({ status: 200, json });
const refused = (code: number, status: number) => ({
  status,
  json: `{"error":{"message":"refused by the bench","type":"OAuthException","code":${code}}}`,
});

function refusedAsWrong() {
  wrong += 1;
  return refused(100, 400);
}

function answer(socket: Socket, head: string, body: string): void {
  const { status, json } = handle(head, body);
  const text = `HTTP/1.1 ${status} X\r\ncontent-type: application/json; charset=UTF-8\r\nx-app-usage: {"call_count":1,"total_time":1,"total_cputime":1}\r\ncontent-length: ${json.length}\r\n\r\n${json}`;
  if (latencyMs === 0) socket.write(text, 'latin1');
  else setTimeout(() => socket.writable && socket.write(text, 'latin1'), latencyMs);
}

/** As much of HTTP as undici speaks to a keep-alive server: no chunks, no pipelining. */
const server = createServer({ noDelay: true }, (socket) => {
  let pending = '';
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (chunk: string) => {
    pending += chunk;
    for (;;) {
      const end = pending.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = pending.slice(0, end);
      const size = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (pending.length < end + 4 + size) return;
      const body = pending.slice(end + 4, end + 4 + size);
      pending = pending.slice(end + 4 + size);
      answer(socket, head, body);
    }
  });
});

const functions = {
  /** @returns the address, with the version */
  listen: () =>
    new Promise<string>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const port = typeof address === 'object' && address ? address.port : 0;
        resolve(`http://127.0.0.1:${port}/v25.0`);
      });
    }),
  expect(input: { batch: Batch; latencyMs: number }): void {
    latencyMs = input.latencyMs;
    lastProgressMs = sharedNowMs();
    const atMs = new Float64Array(input.batch.count).fill(Number.NaN);
    watches.set(input.batch.run, {
      batch: input.batch,
      expected: matchingCount(input.batch),
      arrived: 0,
      atMs,
    });
  },
  /** Resolves when everything expected has arrived, or when nothing more does for a while. */
  async arrived(input: { run: number; patienceMs: number }): Promise<Verdict & { atMs: Float64Array }> {
    const watch = watches.get(input.run);
    if (!watch) throw new Error(`run ${input.run} was not announced`);
    while (watch.arrived < watch.expected && sharedNowMs() - lastProgressMs < input.patienceMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { expected, arrived, atMs } = watch;
    return { expected, arrived, repeated, wrong, atMs };
  },
  /** Over all runs so far, so that a late repetition is seen too. */
  verdict(): Verdict {
    const all = [...watches.values()];
    const sum = (pick: (watch: Watch) => number) => all.reduce((total, watch) => total + pick(watch), 0);
    return { expected: sum((w) => w.expected), arrived: sum((w) => w.arrived), repeated, wrong };
  },
};

export type FakeGraph = typeof functions;

serve(functions);
