import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import basicAuth from '@fastify/basic-auth';
import type { Queue } from 'bullmq';
import type { FastifyPluginAsync } from 'fastify';
import { Problem } from '../problem.ts';
import { answerError, sendProblem } from './problems.ts';

const boardPath = '/ops/queues';

/**
 * Nothing of the board comes from or goes to another host. Its scripts and its worker are files of its own (the one
 * inline script is JSON, which no policy concerns); its page and its components set styles inline.
 */
const headers = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** A link to another host, such as that of Google Fonts: the browser's own fonts do as well. */
const foreignLink = /<link\b[^>]*\bhref="(?:https?:)?\/\/[^>]*>/g;

/**
 * Bull Board, read-only: sends are repeated through Fairdrop, which knows what has been sent, never through the queue.
 * @param deps.queueAnswers whether the queue does so soon: the board itself would wait for as long as it takes
 * @param deps.mayOperate whether an API key has the scope `operate`
 */
export function opsRoutes(deps: {
  queue: Queue;
  queueAnswers: () => Promise<boolean>;
  mayOperate: (key: string) => Promise<boolean>;
}): FastifyPluginAsync {
  return async (app) => {
    await app.register(basicAuth, {
      authenticate: { realm: 'Fairdrop: any name, an API key with the scope operate as password' },
      async validate(_username, password) {
        if (!(await deps.mayOperate(password))) throw loginRefused();
      },
    });
    // Bull Board answers errors in a way of its own, so what we refuse is answered here.
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers(headers);
      const refused = refusedAddress(request.url);
      if (refused) {
        sendProblem(reply, refused);
        return;
      }
      app.basicAuth(request, reply, (error) => {
        if (error)
          answerError(
            'statusCode' in error && error.statusCode === 401 ? loginRefused() : error,
            request,
            reply,
          );
        else done();
      });
    });
    app.addHook('preHandler', async (request, reply) => {
      const asksQueue = request.routeOptions.url?.startsWith(`${boardPath}/api/`);
      if (!asksQueue || (await deps.queueAnswers())) return;
      return answerError(queueAway(), request, reply);
    });
    app.addHook('onSend', async (_request, reply, payload) => {
      const isPage = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
      if (!isPage || typeof payload !== 'string') return payload;
      reply.removeHeader('content-length');
      return payload.replace(foreignLink, '');
    });

    const server = new FastifyAdapter();
    server.setBasePath(boardPath);
    createBullBoard({
      queues: [new BullMQAdapter(deps.queue, { readOnlyMode: true })],
      serverAdapter: server,
      options: { uiConfig: { boardTitle: 'Fairdrop queues' } },
    });
    await app.register(server.registerPlugin(), { prefix: boardPath });
  };
}

/** A job's id goes from the address to the queue's store as it is, and no id of ours has control characters in it. */
function refusedAddress(url: string): Problem | null {
  let address: string;
  try {
    address = decodeURIComponent(url);
  } catch {
    return new Problem(400, 'url_malformed', 'The URL is not properly percent-encoded.');
  }
  return /\p{Cc}/u.test(address)
    ? new Problem(404, 'route_not_found', 'There is nothing at this address.')
    : null;
}

function loginRefused(): Problem {
  return new Problem(
    401,
    'key_invalid',
    'Log in with any user name and, as password, an API key that has the scope "operate".',
  );
}

function queueAway(): Problem {
  return new Problem(
    503,
    'queue_unavailable',
    'The queue cannot be asked right now. Comments are taken all the same. Try again shortly.',
  );
}
