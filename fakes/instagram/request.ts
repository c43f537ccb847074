/** Takes a Graph request apart: path, parameters from query and body, token. */
import type { IncomingMessage } from 'node:http';
import { type GraphReply, invalidParameter } from './errors.ts';

export interface GraphRequest {
  method: string;
  /** Without the version: `['17841…', 'messages']`. */
  path: readonly string[];
  /** Query and body together; JSON bodies keep their types. */
  params: Map<string, unknown>;
  accessToken: string | undefined;
  /** What the caller put before the path, for links to further pages. */
  baseUrl: string;
}

const versionPattern = /^v\d+\.\d+$/;

export function parseRequest(
  incoming: IncomingMessage,
  body: Buffer,
): { ok: true; request: GraphRequest } | { ok: false; reply: GraphReply; path: readonly string[] } {
  const url = incoming.url ?? '/';
  const queryAt = url.indexOf('?');
  const rawPath = queryAt === -1 ? url : url.slice(0, queryAt);
  const path = rawPath.split('/').filter((segment) => segment !== '');
  const version = path[0] !== undefined && versionPattern.test(path[0]) ? path.shift() : undefined;
  const params = new Map<string, unknown>();
  if (queryAt !== -1)
    for (const [name, value] of new URLSearchParams(url.slice(queryAt + 1))) params.set(name, value);
  const problem = addBody(params, incoming.headers['content-type'] ?? '', body);
  if (problem !== undefined) return { ok: false, reply: problem, path };
  const baseUrl = `http://${incoming.headers.host ?? 'localhost'}${version === undefined ? '' : `/${version}`}`;
  const method = incoming.method ?? 'GET';
  return { ok: true, request: { method, path, params, accessToken: accessToken(incoming, params), baseUrl } };
}

function addBody(params: Map<string, unknown>, contentType: string, body: Buffer): GraphReply | undefined {
  if (body.length === 0) return undefined;
  const text = body.toString();
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    for (const [name, value] of new URLSearchParams(text)) params.set(name, value);
    return undefined;
  }
  const value = parseJson(text);
  if (!isObject(value)) return invalidParameter('The request body is not a JSON object');
  for (const name of Object.keys(value)) params.set(name, value[name]);
  return undefined;
}

function accessToken(incoming: IncomingMessage, params: Map<string, unknown>): string | undefined {
  const { authorization } = incoming.headers;
  if (authorization !== undefined) {
    const match = /^(?:Bearer|OAuth) +(\S+)$/i.exec(authorization);
    return match?.[1];
  }
  return text(params.get('access_token'));
}

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

/** Nested parameters come as objects in JSON bodies and as JSON strings in forms. */
export function objectParam(value: unknown): JsonObject | undefined {
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  return isObject(parsed) ? parsed : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
