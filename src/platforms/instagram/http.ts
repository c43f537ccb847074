/**
 * One request to the Graph API, and above all the answer to: can the platform have seen it? undici calls
 * `onRequestStart` immediately before it writes the first byte to a connection. What fails earlier (name, route,
 * refusal, TLS, no free connection in time) was provably not sent, whatever its error is called; after it, nothing
 * is proven until a whole answer is here.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

export type HttpResult =
  | { kind: 'answered'; status: number; headers: IncomingHttpHeaders; body: Buffer }
  | { kind: 'not_written'; error: Error }
  | { kind: 'lost'; error: Error; timedOut: boolean };

export interface GraphRequest {
  method: 'GET' | 'POST';
  /** Below the Graph URL, with a leading slash, encoded. */
  path: string;
  /** Sent as a header; null where the path carries it. */
  accessToken: string | null;
  body?: unknown;
  /** Leaves the version out of the Graph URL. */
  unversioned?: boolean;
  /** For this request; never longer than the client's. */
  timeoutMs?: number;
  /** What exceeds it is cut, and judged by what is there. Default: far above any answer to a send. */
  maxBodyBytes?: number;
}

export interface GraphClient {
  /** Never rejects, never repeats, and settles within the timeout. */
  request(request: GraphRequest): Promise<HttpResult>;
  /** Waits for what is under way, which the timeout bounds. */
  close(): Promise<void>;
}

const sendBodyBytes = 64 * 1024;
const connectTimeoutMs = 5_000;
/** Idle connections are given up before a middlebox forgets them: a POST on a forgotten one ends as "unknown". */
const keepAliveMaxTimeoutMs = 30_000;

export function createGraphClient(options: {
  graphUrl: string;
  timeoutMs: number;
  connections: number;
}): GraphClient {
  const { timeoutMs } = options;
  const url = new URL(options.graphUrl);
  const basePath = url.pathname.replace(/\/+$/, '');
  const unversionedPath = basePath.replace(/\/v\d+\.\d+$/, '');
  const pool = new Pool(url.origin, {
    connections: options.connections,
    connect: { timeout: Math.min(connectTimeoutMs, timeoutMs) },
    // One timer of our own covers all of a request, the wait for a free connection included.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveMaxTimeout: keepAliveMaxTimeoutMs,
    // One request per connection at a time: over HTTP/2 a lost connection would leave many sends unknown at once.
    allowH2: false,
    pipelining: 1,
  });
  let closing: Promise<void> | undefined;
  return {
    request: ({ method, path, accessToken, body, ...given }) => {
      const bounds = {
        timeoutMs: Math.min(given.timeoutMs ?? timeoutMs, timeoutMs),
        maxBodyBytes: given.maxBodyBytes ?? sendBodyBytes,
      };
      const headers = ['accept', 'application/json'];
      if (accessToken !== null) headers.push('authorization', `Bearer ${accessToken}`);
      if (body !== undefined) headers.push('content-type', 'application/json');
      return dispatchOnce(pool, bounds, {
        method,
        path: (given.unversioned ? unversionedPath : basePath) + path,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        idempotent: false,
      });
    },
    close: () => {
      closing ??= pool.close();
      return closing;
    },
  };
}

function dispatchOnce(
  pool: Pool,
  bounds: { timeoutMs: number; maxBodyBytes: number },
  options: Dispatcher.DispatchOptions,
): Promise<HttpResult> {
  const { timeoutMs, maxBodyBytes } = bounds;
  return new Promise((resolve) => {
    let connection: Dispatcher.DispatchController | null = null;
    let answer: { status: number; headers: IncomingHttpHeaders } | null = null;
    let settled = false;
    let size = 0;
    const chunks: Buffer[] = [];

    const settle = (result: HttpResult) => {
      settled = true;
      clearTimeout(timer);
      resolve(result);
    };
    const fail = (error: Error, timedOut = false) => {
      if (settled) return;
      settle(connection === null ? { kind: 'not_written', error } : { kind: 'lost', error, timedOut });
    };
    const succeed = () => {
      if (settled || answer === null) return;
      settle({ kind: 'answered', ...answer, body: Buffer.concat(chunks) });
    };
    const timer = setTimeout(() => {
      const error = new Error(`no complete answer within ${timeoutMs} ms`);
      fail(error, true);
      connection?.abort(error);
    }, timeoutMs);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        // Thrown here, undici drops the request unwritten and keeps the connection. `settled`: the caller was
        // already told that nothing was sent. `connection`: undici would be writing a second time.
        if (settled || connection !== null) throw new Error('the request is no longer wanted');
        connection = controller;
      },
      onResponseStart(_controller, status, headers) {
        // 1xx only announces.
        if (status >= 200) answer = { status, headers };
      },
      onResponseData(controller, chunk) {
        if (settled) return;
        chunks.push(chunk.subarray(0, maxBodyBytes - size));
        size += chunk.length;
        if (size <= maxBodyBytes) return;
        succeed();
        controller.abort(new Error('the answer is too large'));
      },
      onResponseEnd: succeed,
      onResponseError: (_controller, error) => fail(error),
    };
    try {
      pool.dispatch(options, handler);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

export function errorCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
