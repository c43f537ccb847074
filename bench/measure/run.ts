/** One run: a batch of comments at one subject, timed from the first post to the last arrival, and verified. */
import type { Helper } from '../helper-process.ts';
import { type Batch, matchingCount } from '../load/comments.ts';
import type { FakeGraph, Verdict } from '../load/fake-graph.ts';
import type { Generator, Load } from '../load/generator.ts';
import type { Subject } from '../subjects/subject.ts';
import { cpuSeconds, mapValues } from './process-stats.ts';
import { keptShares, quantiles } from './statistics.ts';

export interface Latency {
  p50: number;
  p99: number;
  /** At `keptShares`. */
  quantiles: number[];
}

export interface Run {
  comments: number;
  dms: number;
  acksPerSecond: number;
  ackMs: Latency;
  /** From the first comment posted to the last DM arrived; null where none was to be sent. */
  dmsPerSecond: number | null;
  /** From posting a comment to its DM being at the platform. */
  commentToDmMs: Latency | null;
  /** By part of the subject, for the whole run. */
  cpuSeconds: Record<string, number> | null;
}

export interface Plan {
  count: number;
  /** 0: the subject sends nothing. */
  matchingEvery: number;
  perRequest?: number;
  load: Load;
  platformLatencyMs?: number;
}

export class WrongRun extends Error {
  override name = 'WrongRun';
}

/** Without an arrival for so long, nothing more will come: longer than the scheduler takes to make good a lost wake. */
const patienceMs = 75_000;

export interface Range {
  run(subject: Subject, plan: Plan): Promise<Run>;
  /** @throws WrongRun where anything arrived that should not have, in any run so far */
  verify(): Promise<Verdict>;
}

export function createRange(generator: Helper<Generator>, fake: Helper<FakeGraph>): Range {
  let lastRun = 0;
  return {
    async run(subject, { count, matchingEvery, perRequest = 1, load, platformLatencyMs = 0 }) {
      lastRun += 1;
      const sends = matchingEvery > 0;
      const batch: Batch = { run: lastRun, count, matchingEvery: sends ? matchingEvery : 1 };
      if (sends) await fake.call('expect', { batch, latencyMs: platformLatencyMs });
      await generator.call('prepare', { batch, perRequest });
      const before = cpuSeconds(subject.processes);
      const fired = await generator.call('fire', { url: subject.webhookUrl, load });
      const arrived = sends ? await fake.call('arrived', { run: batch.run, patienceMs }) : null;
      await subject.settled();
      const after = cpuSeconds(subject.processes);

      if (Object.keys(fired.refused).length > 0) {
        throw new WrongRun(`${subject.name}: not all acknowledged: ${JSON.stringify(fired.refused)}`);
      }
      if (arrived) refuseWrong(subject.name, arrived);
      const seconds = (fired.endedMs - fired.startedMs) / 1_000;
      const dms = sends ? matchingCount(batch) : 0;
      return {
        comments: count,
        dms,
        acksPerSecond: count / seconds,
        ackMs: latencyOf(fired.ackMs),
        dmsPerSecond: arrived ? dms / ((lastOf(arrived.atMs) - fired.startedMs) / 1_000) : null,
        commentToDmMs: arrived ? latencyOf(delays(fired.sentAtMs, arrived.atMs)) : null,
        cpuSeconds:
          before && after ? mapValues(after, (seconds, name) => seconds - (before[name] ?? 0)) : null,
      };
    },
    async verify() {
      const verdict = await fake.call('verdict');
      refuseWrong('all runs', verdict);
      return verdict;
    },
  };
}

function refuseWrong(name: string, { expected, arrived, repeated, wrong }: Verdict): void {
  if (arrived === expected && repeated === 0 && wrong === 0) return;
  throw new WrongRun(
    `${name}: ${arrived} of ${expected} comments answered, ${repeated} repetitions, ${wrong} replies that should not have been`,
  );
}

function delays(sentAtMs: Float64Array, arrivedAtMs: Float64Array): Float64Array {
  return arrivedAtMs.map((at, index) => at - (sentAtMs[index] ?? Number.NaN)).filter((delay) => delay >= 0);
}

const lastOf = (atMs: Float64Array) => atMs.reduce((last, at) => (at > last ? at : last), 0);

function latencyOf(values: Float64Array): Latency {
  const [p50 = Number.NaN, p99 = Number.NaN, ...kept] = quantiles(values, [0.5, 0.99, ...keptShares]);
  return { p50, p99, quantiles: kept };
}
