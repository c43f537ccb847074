import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { Intake } from '../intake/intake.ts';
import type { PlatformAdapter } from '../platforms/port.ts';
import { Problem } from '../problem.ts';

/** Meta sends up to 1,000 updates in one request; this is several times what those take. */
const maxBodyBytes = 5 * 1024 * 1024;

/** More than any platform sends at once: what has so many was made to keep us busy. */
const maxItems = 10_000;

interface Params {
  platform: string;
}

/**
 * `GET|POST /webhooks/:platform`: verify, parse, commit, then 200. Bodies stay the bytes that were signed, so no
 * content type is parsed here.
 */
export function webhookRoutes(deps: {
  platforms: ReadonlyMap<string, PlatformAdapter>;
  intake: Intake;
}): FastifyPluginAsync {
  return async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers();
    // What a platform sends is named, because the framework would read the header of every request anew for "*" alone.
    for (const type of ['application/json', '*']) {
      app.addContentTypeParser(
        type,
        { parseAs: 'buffer', bodyLimit: maxBodyBytes },
        (_request, body, done) => {
          done(null, body);
        },
      );
    }
    // Every line here names its event, and one request writes one line: a logger of its own for each would add nothing.
    app.setChildLoggerFactory((logger) => logger as FastifyBaseLogger);
    // What is refused for its size is an event that nobody will see: leave a trace.
    app.addHook('onError', async (request, _reply, error) => {
      if (error.statusCode === 413)
        request.log.warn({ event: 'webhook_too_large', platform: platformOf(request) });
    });

    app.get<{ Params: Params }>('/webhooks/:platform', { schema: { hide: true } }, async (request, reply) => {
      const answer = adapterFor(request.params.platform).handshake(request.query as Record<string, unknown>);
      if (answer === null) {
        throw new Problem(
          403,
          'handshake_refused',
          'The verify token is not the one that is configured here. Enter the same value in the platform’s dashboard and in Fairdrop’s environment.',
        );
      }
      return reply.type('text/plain; charset=utf-8').send(answer);
    });

    app.post<{ Params: Params; Body: Buffer | undefined }>(
      '/webhooks/:platform',
      { schema: { hide: true } },
      async (request) => {
        const started = performance.now();
        const { platform } = request.params;
        const adapter = adapterFor(platform);
        const body = request.body ?? Buffer.alloc(0);
        verify(adapter, request.headers, body);
        const parsed = adapter.parse(body);
        if (!parsed.ok)
          throw new Problem(400, 'webhook_malformed', `The body cannot be read. ${parsed.reason}`);
        if (parsed.events.length > maxItems) {
          request.log.warn({ event: 'webhook_too_large', platform, items: parsed.events.length });
          throw new Problem(
            413,
            'body_too_large',
            `The body has ${parsed.events.length} items. Send at most ${maxItems} at once.`,
          );
        }
        const receipt = await deps.intake.receive(adapter, parsed.events).catch((error) => {
          request.log.error({ err: error, event: 'webhook_not_stored', platform, bytes: body.length });
          throw new Problem(503, 'not_stored', 'Nothing can be made durable right now. Send it again.');
        });
        const durationMs = Math.round(performance.now() - started);
        request.log.info({ event: 'webhook', platform, bytes: body.length, ...receipt, durationMs });
        return { received: parsed.events.length };
      },
    );
  };

  function adapterFor(name: string): PlatformAdapter {
    const adapter = deps.platforms.get(name);
    if (adapter) return adapter;
    const known = [...deps.platforms.keys()].join(', ');
    throw new Problem(
      404,
      'platform_unknown',
      `There is no platform of this name here. Known are: ${known}.`,
    );
  }
}

function verify(
  adapter: PlatformAdapter,
  headers: Parameters<PlatformAdapter['verify']>[0],
  body: Buffer,
): void {
  const verification = adapter.verify(headers, body);
  switch (verification) {
    case 'valid':
      return;
    case 'invalid':
      throw new Problem(401, 'signature_invalid', 'The signature does not fit the body and the app secret.');
    case 'not_configured':
      throw new Problem(
        404,
        'platform_not_configured',
        `Webhooks of ${adapter.name} cannot be verified: set ${adapter.name.toUpperCase()}_APP_SECRET and restart.`,
      );
    default:
      verification satisfies never;
  }
}

function platformOf(request: { params: unknown }): string | undefined {
  return (request.params as Partial<Params> | undefined)?.platform;
}
