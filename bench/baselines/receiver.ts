/** The limit of acknowledging: Fastify that checks the signature over the raw bytes and answers. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { serve } from '../helper-process.ts';
import { appSecret } from '../load/comments.ts';

/** @param take what to do with a body whose signature is right, before it is acknowledged */
export function createReceiver(take: (body: Buffer) => Promise<unknown> | undefined): FastifyInstance {
  const app = Fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post<{ Body: Buffer }>('/webhooks/instagram', async (request, reply) => {
    const header = String(request.headers['x-hub-signature-256'] ?? '');
    const given = Buffer.from(header.slice('sha256='.length), 'hex');
    const expected = createHmac('sha256', appSecret).update(request.body).digest();
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return reply.code(401).send();
    await take(request.body);
    return { received: true };
  });
  return app;
}

const functions = {
  listen: () => createReceiver(() => undefined).listen({ port: 0, host: '127.0.0.1' }),
};

export type Receiver = typeof functions;

if (import.meta.main) serve(functions);
