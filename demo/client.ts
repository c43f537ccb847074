/** What `GET /v1/stats` answers: `received` is the sum of the five that follow it. */
export interface Stats {
  received: number;
  delivered: number;
  waiting: number;
  skipped: number;
  failed: number;
  expired: number;
  skippedByReason: Record<string, number>;
  /** How many messages of each kind are in each state. */
  messages: Record<string, Record<string, number>>;
}

/** The REST API as the demo needs it. */
export interface Client {
  post<T>(path: string, body?: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  get<T>(path: string): Promise<T>;
  /** All pages of a list. */
  list<T>(path: string): Promise<T[]>;
}

export function createClient(baseUrl: string, key: string): Client {
  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
  return {
    post: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
    get: (path) => call('GET', path),
    async list<T>(path: string) {
      const all: T[] = [];
      let cursor: string | null = null;
      do {
        const query = `limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
        const address = `${path}${path.includes('?') ? '&' : '?'}${query}`;
        const page: { data: T[]; nextCursor: string | null } = await call('GET', address);
        all.push(...page.data);
        cursor = page.nextCursor;
      } while (cursor);
      return all;
    },
  };
}
