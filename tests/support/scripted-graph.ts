import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Script = (response: ServerResponse, request: SeenRequest) => void;

export interface ScriptedGraph {
  /** With a version, as adapters are given it. */
  url: string;
  /** Everything that arrived whole, in order. */
  requests: SeenRequest[];
  /** What happens to requests from now on. */
  script: Script;
  close(): Promise<void>;
}

/** A real HTTP server on a free port that does to each request what the test says. */
export async function startScriptedGraph(): Promise<ScriptedGraph> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    graph.requests.push(seen);
    graph.script(response, seen);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const graph: ScriptedGraph = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v25.0`,
    requests: [],
    script: (response) => response.end(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return graph;
}

export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Script {
  return (response) => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}
