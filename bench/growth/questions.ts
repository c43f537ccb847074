/** How long the REST API takes to answer what a dashboard asks. */
import { createClient } from '../../demo/client.ts';
import { quantiles } from '../measure/statistics.ts';
import { apiKey } from '../subjects/fairdrop.ts';

export interface AnswerTime {
  p50: number;
  p99: number;
}

const times = 100;
/** What takes this long altogether is not asked that often. */
const patienceMs = 20_000;

export async function askQuestions(url: string): Promise<Record<string, AnswerTime>> {
  const client = createClient(url, apiKey);
  type List = { data: { id: string }[]; nextCursor: string | null };
  const events = await client.get<List>('/v1/events?outcome=matched&limit=100');
  const questions: Record<string, (index: number) => string> = {
    'list events': () => '/v1/events?limit=50',
    'list events, next page': () =>
      `/v1/events?limit=50&cursor=${encodeURIComponent(events.nextCursor ?? '')}`,
    'list waiting deliveries': () => '/v1/deliveries?state=waiting&limit=50',
    'list contacts': () => '/v1/contacts?limit=50',
    'list ledger': () => '/v1/ledger?limit=50',
    'explain an event': (index) => `/v1/events/${events.data[index % events.data.length]?.id}/explain`,
    stats: () => '/v1/stats',
  };
  const answers: Record<string, AnswerTime> = {};
  for (const [name, pathOf] of Object.entries(questions)) {
    if (pathOf(0).includes('cursor=&') || pathOf(0).includes('undefined')) continue;
    await client.get(pathOf(0));
    const tookMs: number[] = [];
    const startedMs = performance.now();
    for (let index = 0; index < times && performance.now() - startedMs < patienceMs; index += 1) {
      const askedMs = performance.now();
      await client.get(pathOf(index));
      tookMs.push(performance.now() - askedMs);
    }
    const [p50 = Number.NaN, p99 = Number.NaN] = quantiles(tookMs, [0.5, 0.99]);
    answers[name] = { p50, p99 };
  }
  return answers;
}
