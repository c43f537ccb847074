/** A network between two programs that breaks as networks break. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Weather =
  | { kind: 'clear' }
  /** What is connected is reset, and nobody gets through. */
  | { kind: 'cut' }
  /** Every piece of an answer takes this much longer. */
  | { kind: 'slow'; ms: number }
  /** Half of an answer arrives, then the connection ends. */
  | { kind: 'half_answers' }
  /** The request arrives; in the place of its answer comes a reset. */
  | { kind: 'no_answers' }
  /** Nothing arrives and nobody is told; what was on its way arrives when this is over. */
  | { kind: 'silence' };

export interface TcpProxy {
  readonly port: number;
  /** From now on; at first `clear`. */
  weather: Weather;
  /** Answers that were broken and connections that were refused or reset, so far. */
  readonly broken: number;
  close(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const links = new Set<{ client: Socket; upstream: Socket }>();
  let weather: Weather = { kind: 'clear' };
  let broken = 0;
  let silence = Promise.withResolvers<void>();
  silence.resolve();

  function reset(link: { client: Socket; upstream: Socket }): void {
    broken += 1;
    link.client.resetAndDestroy();
    link.upstream.resetAndDestroy();
  }

  const server = createServer((client) => {
    if (weather.kind === 'cut') {
      broken += 1;
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target);
    const link = { client, upstream };
    links.add(link);
    client.once('close', () => links.delete(link));
    forward(client, upstream, (chunk) => void upstream.write(chunk));
    forward(upstream, client, async (chunk) => {
      switch (weather.kind) {
        case 'half_answers':
          broken += 1;
          client.write(chunk.subarray(0, chunk.length >> 1), () => client.destroy());
          upstream.destroy();
          return;
        case 'no_answers':
          reset(link);
          return;
        case 'slow':
          await sleep(weather.ms);
      }
      if (client.writable) client.write(chunk);
    });
  });

  /** Piece by piece in order, the end and the errors included. */
  function forward(from: Socket, to: Socket, pass: (chunk: Buffer) => void | Promise<void>): void {
    let turn = Promise.resolve();
    const next = (step: () => void | Promise<void>) => {
      turn = turn.then(() => silence.promise).then(() => (to.destroyed ? undefined : step()));
    };
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => next(() => pass(chunk)));
    from.on('end', () => next(() => void to.end()));
    from.on('error', () => next(() => void to.destroy()));
    from.on('close', () => next(() => void (from.readableEnded ? to.end() : to.destroy())));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get weather() {
      return weather;
    },
    set weather(next: Weather) {
      weather = next;
      silence.resolve();
      if (next.kind === 'silence') silence = Promise.withResolvers();
      if (next.kind === 'cut') for (const link of links) reset(link);
    },
    get broken() {
      return broken;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const link of links) reset(link);
      await closed;
    },
  };
}
