/** Posts webhooks, and again until they are answered 200. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { DeliverOptions, DeliveryResult, FakeInstagramOptions } from './types.ts';
import { escapeSlashes, signatureHeaders, toMetaJson } from './wire.ts';

/** Instagram Platform, "Webhooks": retried with decreasing frequency over 36 hours, then dropped. */
const giveUpAfterMs = 36 * 60 * 60 * 1000;

const defaultRetryDelayMs = (attempt: number) =>
  attempt === 1 ? 0 : Math.min(5000, 100 * 2 ** (attempt - 2));

interface SignedBody {
  body: string | Buffer;
  headers: Record<string, string>;
}

export class Webhooks {
  url: string | undefined;
  attempts = 0;
  acknowledged = 0;
  /** Deliveries that are not answered 200 yet. */
  pending = 0;
  readonly #options: FakeInstagramOptions;
  readonly #agent: Agent;
  readonly #closing = new AbortController();
  #last: SignedBody | undefined;
  #waiters: (() => void)[] = [];

  constructor(options: FakeInstagramOptions) {
    this.#options = options;
    this.url = options.webhookUrl;
    // Messenger Platform, "Webhooks": to be answered within 5 seconds.
    const timeoutMs = options.webhookTimeoutMs ?? 5000;
    this.#agent = new Agent({
      connections: 64,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: timeoutMs },
    });
  }

  /** Resolves with the answer to the first attempt; what was not a 200 is tried again in the background. */
  async send(payload: object): Promise<DeliveryResult | undefined> {
    if (this.url === undefined || this.#closing.signal.aborted) return undefined;
    const signed = this.#sign(toMetaJson(payload));
    this.pending += 1;
    const first = await this.#post(signed);
    if (first.status === 200) this.#finish();
    else void this.#retry(signed);
    return first;
  }

  /** No retries: every answer is handed back. */
  async deliver(payload: object, options: DeliverOptions = {}): Promise<DeliveryResult[]> {
    const escaped = options.escapeSlashes ? escapeSlashes(toMetaJson(payload)) : toMetaJson(payload);
    return this.#repeat(this.#signWith(escaped, JSON.stringify(payload), options), options);
  }

  /** Any bytes, signed as they are unless `signWith` says otherwise. */
  async deliverRaw(bytes: string | Buffer, options: DeliverOptions = {}): Promise<DeliveryResult[]> {
    return this.#repeat(this.#signWith(bytes, bytes, options), options);
  }

  /** The bytes of the last delivery of any kind, once more. */
  async repeatLast(): Promise<DeliveryResult> {
    if (this.#last === undefined) throw new Error('nothing was delivered yet');
    return this.#post(this.#last);
  }

  async settled(): Promise<void> {
    if (this.pending > 0) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async get(query: URLSearchParams): Promise<DeliveryResult> {
    const url = new URL(this.#target());
    for (const [name, value] of query) url.searchParams.set(name, value);
    try {
      const answer = await request(url, { dispatcher: this.#agent });
      return { status: answer.statusCode, body: await answer.body.text() };
    } catch (error) {
      return noAnswer(error);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.pending = 0;
    this.#wake();
    await this.#agent.destroy();
  }

  #target(): string {
    if (this.url === undefined) throw new Error('set webhookUrl first');
    return this.url;
  }

  #sign(body: string | Buffer): SignedBody {
    return { body, headers: signatureHeaders(this.#options.appSecret, body) };
  }

  #signWith(body: string | Buffer, plain: string | Buffer, options: DeliverOptions): SignedBody {
    const { appSecret } = this.#options;
    switch (options.signWith ?? 'escaped') {
      case 'escaped':
        return this.#sign(body);
      case 'unescaped':
        return { body, headers: signatureHeaders(appSecret, plain) };
      case 'wrong':
        return { body, headers: signatureHeaders(`not ${appSecret}`, body) };
      case 'none':
        return { body, headers: {} };
    }
  }

  async #repeat(signed: SignedBody, options: DeliverOptions): Promise<DeliveryResult[]> {
    this.#target();
    const times = options.times ?? 1;
    if (options.concurrent) return Promise.all(Array.from({ length: times }, () => this.#post(signed)));
    const results: DeliveryResult[] = [];
    for (let i = 0; i < times; i += 1) results.push(await this.#post(signed));
    return results;
  }

  async #post(signed: SignedBody): Promise<DeliveryResult> {
    this.#last = signed;
    this.attempts += 1;
    try {
      const answer = await request(this.#target(), {
        method: 'POST',
        dispatcher: this.#agent,
        headers: { 'content-type': 'application/json', ...signed.headers },
        body: signed.body,
      });
      const body = await answer.body.text();
      if (answer.statusCode === 200) this.acknowledged += 1;
      return { status: answer.statusCode, body };
    } catch (error) {
      return noAnswer(error);
    }
  }

  /** The same bytes to wherever `url` points by then, so that a receiver may come back on another port. */
  async #retry(signed: SignedBody): Promise<void> {
    const delayMs = this.#options.webhookRetryDelayMs ?? defaultRetryDelayMs;
    const startedAtMs = Date.now();
    const { signal } = this.#closing;
    for (let attempt = 1; Date.now() - startedAtMs < giveUpAfterMs; attempt += 1) {
      await sleep(delayMs(attempt), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      if (this.url === undefined) break;
      if ((await this.#post(signed)).status === 200) break;
    }
    if (!signal.aborted) this.#finish();
  }

  #finish(): void {
    this.pending = Math.max(0, this.pending - 1);
    if (this.pending === 0) this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

function noAnswer(error: unknown): DeliveryResult {
  return { status: 0, body: error instanceof Error ? error.message : String(error) };
}
