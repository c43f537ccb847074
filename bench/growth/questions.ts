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
  const idsOf = async (path: string) => (await client.get<List>(path)).data.map(({ id }) => id);
  const matched = await idsOf('/v1/events?outcome=matched&limit=100');
  const contacts = await idsOf('/v1/contacts?limit=100');
  const deliveries = await idsOf('/v1/deliveries?limit=100');
  const [account] = await idsOf('/v1/accounts?limit=1');
  const [trigger] = await idsOf('/v1/triggers?limit=1');
  const { nextCursor } = await client.get<List>('/v1/events?limit=50');
  const next = encodeURIComponent(nextCursor ?? '');
  const of = (ids: readonly string[], index: number) => ids[index % ids.length];
  const nobody = '00000000-0000-7000-8000-000000000000';
  const questions: Record<string, (index: number) => string> = {
    stats: () => '/v1/stats',
    'explain an event': (index) => `/v1/events/${of(matched, index)}/explain`,
    events: () => '/v1/events?limit=50',
    'events, next page': () => `/v1/events?limit=50&cursor=${next}`,
    'events of an account': () => `/v1/events?limit=50&accountId=${account}`,
    'events of an account that has none': () => `/v1/events?limit=50&accountId=${nobody}`,
    'events of a kind': () => '/v1/events?limit=50&kind=comment',
    'events of a kind that never was': () => '/v1/events?limit=50&kind=unreadable',
    'events that matched': () => '/v1/events?limit=50&outcome=matched',
    'events of a reason': () => '/v1/events?limit=50&reason=keyword_absent',
    'events of a reason that never was': () => '/v1/events?limit=50&reason=author_unknown',
    'events of nobody': () => '/v1/events?limit=50&unassigned=true',
    deliveries: () => '/v1/deliveries?limit=50',
    'deliveries that wait': () => '/v1/deliveries?limit=50&state=waiting',
    'deliveries that expired, of which there are none': () => '/v1/deliveries?limit=50&state=expired',
    'deliveries of a trigger': () => `/v1/deliveries?limit=50&triggerId=${trigger}`,
    'deliveries of a trigger that failed, none': () =>
      `/v1/deliveries?limit=50&triggerId=${trigger}&state=failed`,
    'deliveries of a contact': (index) => `/v1/deliveries?limit=50&contactId=${of(contacts, index)}`,
    'deliveries of an account': () => `/v1/deliveries?limit=50&accountId=${account}`,
    'messages that wait': () => '/v1/messages?limit=50&state=queued',
    'messages that are unconfirmed, none': () => '/v1/messages?limit=50&state=unconfirmed',
    'messages that failed, none': () => '/v1/messages?limit=50&state=failed',
    contacts: () => '/v1/contacts?limit=50',
    'contacts of an account': () => `/v1/contacts?limit=50&accountId=${account}`,
    ledger: () => '/v1/ledger?limit=50',
    'ledger of a delivery': (index) => `/v1/ledger?limit=50&deliveryId=${of(deliveries, index)}`,
    'ledger of a kind that never was': () => '/v1/ledger?limit=50&kind=account.paused',
    alerts: () => '/v1/alerts?limit=50&cleared=true',
    triggers: () => '/v1/triggers?limit=50',
  };
  const answers: Record<string, AnswerTime> = {};
  for (const [name, pathOf] of Object.entries(questions)) {
    // Of an empty database not everything can be asked.
    if (pathOf(0).endsWith('cursor=') || pathOf(0).includes('undefined')) continue;
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
