/** Posts signed webhooks, in a process of its own. Bodies are built and signed before the clock starts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import { serve } from '../helper-process.ts';
import { sharedNowMs } from './clock.ts';
import { type Batch, buildRequests, type SignedRequest } from './comments.ts';

/** As many at a time as there are connections, or so many a second whatever the answers take. */
export type Load = { connections: number } | { perSecond: number };

export interface Fired {
  startedMs: number;
  /** When the last answer was there. */
  endedMs: number;
  /** How long each request took to be answered. */
  ackMs: Float64Array;
  /** When each comment was posted. */
  sentAtMs: Float64Array;
  /** Answers that were not 200, by what they were. */
  refused: Record<string, number>;
}

let requests: SignedRequest[] = [];
let commentCount = 0;

class Round {
  readonly ackMs = new Float64Array(requests.length);
  readonly sentAtMs = new Float64Array(commentCount);
  readonly refused: Record<string, number> = {};
  readonly #pool: Pool;
  readonly #path: string;

  constructor(url: URL, connections: number) {
    this.#pool = new Pool(url.origin, { connections, pipelining: 1 });
    this.#path = url.pathname;
  }

  post(index: number): Promise<void> {
    const request = requests[index] as SignedRequest;
    const startedMs = sharedNowMs();
    this.sentAtMs.fill(startedMs, request.from, request.to);
    return new Promise((resolve) => {
      let status = 0;
      const done = (outcome: string) => {
        this.ackMs[index] = sharedNowMs() - startedMs;
        if (outcome !== '200') this.refused[outcome] = (this.refused[outcome] ?? 0) + 1;
        resolve();
      };
      const handler: Dispatcher.DispatchHandler = {
        // Without it undici takes this for a handler of its older kind.
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData() {},
        onResponseEnd: () => done(String(status)),
        onResponseError: (_controller, error) => done(error.message),
      };
      const headers = ['content-type', 'application/json', 'x-hub-signature-256', request.signature];
      this.#pool.dispatch({ method: 'POST', path: this.#path, headers, body: request.body }, handler);
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

async function closedLoop(round: Round, connections: number): Promise<void> {
  let next = 0;
  const turn = async () => {
    while (next < requests.length) {
      next += 1;
      await round.post(next - 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, turn));
}

async function openLoop(round: Round, perSecond: number): Promise<void> {
  const startedMs = sharedNowMs();
  const underWay: Promise<void>[] = [];
  for (let next = 0; next < requests.length; ) {
    const due = Math.min(requests.length, Math.floor(((sharedNowMs() - startedMs) / 1_000) * perSecond) + 1);
    for (; next < due; next += 1) underWay.push(round.post(next));
    await sleep(Math.min(5, 1_000 / perSecond / 2));
  }
  await Promise.all(underWay);
}

const functions = {
  prepare(input: { batch: Batch; perRequest: number }): void {
    requests = buildRequests(input.batch, input.perRequest);
    commentCount = input.batch.count;
  },
  async fire(input: { url: string; load: Load }): Promise<Fired> {
    const { load } = input;
    const round = new Round(new URL(input.url), 'connections' in load ? load.connections : 64);
    const startedMs = sharedNowMs();
    if ('connections' in load) await closedLoop(round, load.connections);
    else await openLoop(round, load.perSecond);
    const endedMs = sharedNowMs();
    await round.close();
    const { ackMs, sentAtMs, refused } = round;
    return { startedMs, endedMs, ackMs, sentAtMs, refused };
  },
};

export type Generator = typeof functions;

serve(functions);
