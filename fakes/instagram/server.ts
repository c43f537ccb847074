/** The HTTP side: reads requests, plays scripted faults, writes answers with the usage headers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerControl, type Control } from './control.ts';
import { errorBody, type GraphError, type GraphReply, refuse, statusOf, tooManyCalls } from './errors.ts';
import type { Faults, RequestFacts } from './faults.ts';
import { appUsage, businessUsage } from './limits.ts';
import { type GraphRequest, parseRequest } from './request.ts';
import { answer, describe } from './router.ts';
import { burnIfRejected, type Graph } from './send.ts';
import type { Fault } from './types.ts';
import { toMetaJson } from './wire.ts';

const maxBodyBytes = 1024 * 1024;

export interface ServerParts {
  graph: Graph;
  faults: Faults;
  control: Control | undefined;
}

export function createGraphServer(parts: ServerParts): Server {
  const { world } = parts.graph;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
    });
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
    incoming.on('end', () => {
      const body = size > maxBodyBytes ? Buffer.from('too long') : Buffer.concat(chunks);
      const { latencyMs = 0 } = world.options;
      const work = () => guarded(parts, response, () => handle(parts, incoming, response, body));
      if (latencyMs > 0) setTimeout(work, latencyMs).unref();
      else work();
    });
  });
  // Longer than a client keeps an idle connection: a request that meets its end is in doubt.
  server.keepAliveTimeout = 75_000;
  server.on('clientError', (_error, socket: Socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  return server;
}

const nobody: RequestFacts = { kind: 'other', accountId: undefined, commentId: undefined };

/** Whatever a request may contain, the answer to a bug in here is an error 1 and not a dead process. */
function guarded(parts: ServerParts, response: ServerResponse, work: () => void): void {
  try {
    work();
  } catch {
    if (!response.headersSent) reply(parts, response, nobody, refuse(1, 'An unknown error occurred'));
  }
}

function handle(parts: ServerParts, incoming: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const { graph, faults, control } = parts;
  if (control && incoming.url?.startsWith('/_fake')) {
    void answerControl(control, incoming, response, body);
    return;
  }
  graph.world.requests += 1;
  const parsed = parseRequest(incoming, body);
  if (!parsed.ok) {
    reply(parts, response, nobody, parsed.reply);
    return;
  }
  const { request } = parsed;
  const facts = describe(graph.world, request);
  const fault = faults.take(facts);
  if (fault === undefined) reply(parts, response, facts, answer(graph, request));
  else play(parts, fault, request, facts, response);
}

function play(
  parts: ServerParts,
  fault: Fault,
  request: GraphRequest,
  facts: RequestFacts,
  response: ServerResponse,
): void {
  const { graph } = parts;
  switch (fault.type) {
    case 'error': {
      const { code, subcode, message = `(#${code}) Scripted error` } = fault;
      const error: GraphError = { status: fault.status ?? statusOf(code), code, message };
      if (subcode !== undefined) error.subcode = subcode;
      const comment = graph.world.comments.get(facts.commentId ?? '');
      if (comment && facts.kind === 'private_reply') burnIfRejected(graph.world, comment, error);
      reply(parts, response, facts, { ok: false, error });
      return;
    }
    case 'throttle':
      reply(parts, response, facts, tooManyCalls(80002), fault.minutes);
      return;
    case 'reset_before_accept':
      reset(response);
      return;
    case 'accept_then_reset':
      answer(graph, request);
      reset(response);
      return;
    case 'accept_then_timeout':
      answer(graph, request);
      setTimeout(() => reset(response), fault.holdMs).unref();
      return;
    case 'accept_then_500':
      answer(graph, request);
      reply(parts, response, facts, refuse(2, 'An unexpected error has occurred. Please retry later.'));
      return;
    case 'garbage':
      if (fault.accepted !== false) answer(graph, request);
      write(response, 200, '<html><body>Sorry, something went wrong', usageHeaders(parts, facts, 0));
      return;
    case 'slow':
      setTimeout(() => {
        guarded(parts, response, () => reply(parts, response, facts, answer(graph, request)));
      }, fault.ms).unref();
      return;
  }
}

function reply(
  parts: ServerParts,
  response: ServerResponse,
  facts: RequestFacts,
  outcome: GraphReply,
  scriptedMinutes?: number,
): void {
  if (outcome.ok) {
    write(response, 200, toMetaJson(outcome.body), usageHeaders(parts, facts, 0));
    return;
  }
  const { world } = parts.graph;
  const { status, code, subcode, message } = outcome.error;
  world.refusals.push({
    kind: facts.kind,
    status,
    code,
    message,
    at: world.now(),
    ...(subcode === undefined ? {} : { subcode }),
    ...(facts.accountId === undefined ? {} : { accountId: facts.accountId }),
    ...(facts.commentId === undefined ? {} : { commentId: facts.commentId }),
  });
  const minutes = scriptedMinutes ?? (code === 613 || code === 80002 ? minutesToRegain(parts, facts) : 0);
  const headers = usageHeaders(parts, facts, minutes);
  if (code === 190) headers['www-authenticate'] = `OAuth "Facebook Platform" "invalid_token" "${message}"`;
  write(response, status, toMetaJson(errorBody(outcome.error)), headers);
}

function minutesToRegain({ graph }: ServerParts, { accountId }: RequestFacts): number {
  const limit = graph.world.accounts.get(accountId ?? '')?.limits.privateReplies;
  return limit ? Math.ceil(limit.waitMs(graph.world.now().getTime()) / 60_000) : 0;
}

/** Graph API, "Rate Limits": both headers come with every answer, not only with refusals. */
function usageHeaders(
  { graph }: ServerParts,
  { accountId }: RequestFacts,
  minutes: number,
): Record<string, string> {
  const account = graph.world.accounts.get(accountId ?? '');
  const usedPercent = account?.limits.privateReplies.usedPercent(graph.world.now().getTime()) ?? 0;
  return {
    'content-type': 'application/json; charset=UTF-8',
    'x-app-usage': appUsage,
    'x-business-use-case-usage': businessUsage(accountId, usedPercent, minutes),
  };
}

/** `body` is ASCII, as everything that Meta writes. */
function write(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string>,
): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-length': String(body.length) }).end(body);
}

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}
