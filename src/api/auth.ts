import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { PrismaClient } from '../db/generated/client.ts';
import { Problem } from '../problem.ts';
import type { Scope } from '../workspaces/api-keys.ts';
import { authenticate, type Caller } from '../workspaces/authenticate.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `requireKey`; null where a route asks for no key. */
    caller: Caller | null;
  }
}

const realm = 'Bearer realm="fairdrop"';
// The longest header that Node accepts is longer than any key.
const bearer = /^Bearer +([\x21-\x7e]{1,512})$/i;

/**
 * Reading takes the scope `read`, everything else `write`. Runs before the body is read: who has no key does not get
 * to make us parse anything.
 */
export function requireKey(prisma: PrismaClient): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const key = request.headers.authorization?.match(bearer)?.[1];
    if (key === undefined) {
      reply.header('www-authenticate', realm);
      throw new Problem(
        401,
        'key_missing',
        'This needs an API key: send it as "Authorization: Bearer fd_…".',
      );
    }
    const caller = await authenticate(prisma, key);
    if (!caller) {
      reply.header('www-authenticate', `${realm}, error="invalid_token"`);
      throw new Problem(401, 'key_invalid', 'This API key is unknown or has been revoked.');
    }
    request.caller = caller;
    const reads = request.method === 'GET' || request.method === 'HEAD';
    requireScope(request, reply, reads ? 'read' : 'write');
  };
}

/** The parts of a request that tell who sent it. */
export type Called = Pick<FastifyRequest, 'caller' | 'routeOptions'>;

/** @throws Problem unless the caller's key has the scope */
export function requireScope(
  request: Called,
  reply: { header(name: string, value: string): unknown },
  scope: Scope,
): void {
  if (callerOf(request).scopes.has(scope)) return;
  reply.header('www-authenticate', `${realm}, error="insufficient_scope", scope="${scope}"`);
  throw new Problem(
    403,
    'scope_missing',
    `This API key does not have the scope "${scope}". Use a key that has it.`,
  );
}

export function callerOf(request: Called): Caller {
  if (!request.caller)
    throw new Error(`${request.routeOptions.url} asks for no key but wants to know whose it is`);
  return request.caller;
}
