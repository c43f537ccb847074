import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  type Answer,
  createOnce,
  findAnswer,
  hashRequest,
  type RepeatableRequest,
} from '../catalog/idempotency.ts';
import type { Change, Tx } from '../catalog/transaction.ts';
import { type Called, callerOf } from './auth.ts';
import type { RouteDeps } from './deps.ts';

export const idempotencyHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'Must be 1 to 200 visible ASCII characters')
    .optional()
    .describe('Makes the creation repeatable for 24 hours: the same request gets the first answer again'),
});

type CreationRequest = Called &
  Pick<FastifyRequest, 'method'> & { headers: z.infer<typeof idempotencyHeaders>; body: unknown };

interface Created<View> extends Answer<View> {
  status: 200 | 201;
}

/**
 * Answers a POST that creates something, once for each Idempotency-Key.
 * @param work.prepare what has to happen outside the transaction; not done at all for a repetition
 */
export async function createForCaller<Prepared, View extends { id: string }>(
  deps: RouteDeps,
  request: CreationRequest,
  reply: { header(name: string, value: string): unknown },
  work: {
    prepare(): Promise<Prepared>;
    create(tx: Tx, change: Change, prepared: Prepared): Promise<Created<View>>;
  },
): Promise<Created<View>> {
  const change = changeOf(request, deps);
  const repeatable = repeatableRequest(request, change);
  const known = repeatable && (await findAnswer(deps.prisma, repeatable));
  const answer = known ? { ...known, replayed: true } : await createNow();
  // What is stored was such an answer when it was written.
  const created = { status: answer.status, body: answer.body } as Created<View>;
  if (answer.replayed) reply.header('idempotency-replayed', 'true');
  if (created.status === 201) reply.header('location', `${request.routeOptions.url}/${created.body.id}`);
  return created;

  async function createNow() {
    const prepared = await work.prepare();
    return createOnce(deps.prisma, repeatable, (tx) => work.create(tx, change, prepared));
  }
}

function repeatableRequest(request: CreationRequest, change: Change): RepeatableRequest | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  const hash = hashRequest(request.method, request.routeOptions.url ?? '', request.body);
  return { workspaceId: change.workspaceId, key, hash, now: change.now };
}

/** Who changes something, and when, for the domain. */
export function changeOf(request: Called, deps: Pick<RouteDeps, 'now'>): Change & { keyId: string } {
  const { workspaceId, keyId } = callerOf(request);
  return { workspaceId, keyId, now: deps.now() };
}
