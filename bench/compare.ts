/** The baselines and Fairdrop, interleaved: what a noisy machine does to one it does to the other. */
import { type Memory, memoryOf } from './measure/process-stats.ts';
import type { Plan, Run } from './measure/run.ts';
import { median } from './measure/statistics.ts';
import type { Settings } from './settings.ts';
import type { Stage } from './stage.ts';
import { startBareLoop, startBareReceiver } from './subjects/bare.ts';
import type { FairdropSubject } from './subjects/fairdrop.ts';
import type { Subject } from './subjects/subject.ts';

const runNames = [
  'receiver',
  'loopFast',
  'loopSlow',
  'loopLowLoad',
  'fairdropTenPercent',
  'fairdropFast',
  'fairdropSlow',
  'fairdropOneRequest',
  'fairdropLowLoad',
  'withoutRedisFast',
] as const;
export type RunName = (typeof runNames)[number];
export type Round = Record<RunName, Run>;

/** What is compared with the goals. A ratio is the median of the rounds' own ratios. */
export interface Figures {
  acksTenPercent: number;
  acksAllMatching: number;
  ackP99TenPercent: number;
  ackP99AllMatching: number;
  oneRequestMs: number;
  dmsFast: number;
  dmsSlow: number;
  dmsWithoutRedis: number;
  cpuPerThousand: number | null;
  apiMemoryMb: number | null;
  workerMemoryMb: number | null;
  lowLoadP50: number;
  lowLoadP99: number;
}

export interface Comparison {
  rounds: Round[];
  memory: { api: Memory | null; worker: Memory | null };
  figures: Figures;
}

export async function compare(
  stage: Stage,
  settings: Settings,
  say: (line: string) => void,
): Promise<Comparison> {
  const { logLevel } = settings;
  const receiver = await stage.add(startBareReceiver());
  const loop = await stage.add(startBareLoop(stage.redis, stage.graphUrl));
  const fairdrop = await stage.fairdrop({ name: 'Fairdrop', queue: 'redis', logLevel });
  const withoutRedis = await stage.fairdrop({ name: 'Fairdrop without Redis', queue: 'postgres', logLevel });
  const plans = planRuns(settings, { receiver, loop, fairdrop, withoutRedis });

  say('warming up');
  for (const subject of [receiver, loop, fairdrop, withoutRedis]) {
    await stage.range.run(subject, {
      count: settings.warmUp,
      matchingEvery: subject === receiver ? 0 : 1,
      load: { connections: settings.connections },
    });
  }
  const rounds: Round[] = [];
  for (let index = 0; index < settings.rounds; index += 1) {
    // There and back again, so that nobody always comes first.
    const order = index % 2 === 0 ? runNames : runNames.toReversed();
    const round: Partial<Round> = {};
    for (const name of order) {
      const { subject, plan } = plans[name];
      const run = await stage.range.run(subject, plan);
      round[name] = run;
      say(`round ${index + 1}/${settings.rounds}  ${describe(name, run)}`);
    }
    rounds.push(round as Round);
  }
  await stage.range.verify();
  const memory = { api: memoryOf(fairdrop.pids.api), worker: memoryOf(fairdrop.pids.worker) };
  return { rounds, memory, figures: figuresOf(rounds, memory) };
}

function planRuns(
  settings: Settings,
  subjects: { receiver: Subject; loop: Subject; fairdrop: FairdropSubject; withoutRedis: Subject },
): Record<RunName, { subject: Subject; plan: Plan }> {
  const { receiver, loop, fairdrop, withoutRedis } = subjects;
  const load = { connections: settings.connections };
  const fast: Plan = { count: settings.allMatching.fast, matchingEvery: 1, load };
  const slow: Plan = {
    count: settings.allMatching.slow,
    matchingEvery: 1,
    load,
    platformLatencyMs: settings.slowPlatformMs,
  };
  const { comments, perSecond } = settings.lowLoad;
  const lowLoad: Plan = { count: comments, matchingEvery: 1, load: { perSecond } };
  const oneRequest: Plan = {
    count: settings.oneRequest,
    matchingEvery: 1,
    perRequest: settings.oneRequest,
    load: { connections: 1 },
  };
  return {
    receiver: { subject: receiver, plan: { count: settings.receiver, matchingEvery: 0, load } },
    loopFast: { subject: loop, plan: fast },
    loopSlow: { subject: loop, plan: slow },
    loopLowLoad: { subject: loop, plan: lowLoad },
    fairdropTenPercent: {
      subject: fairdrop,
      plan: { count: settings.tenPercent, matchingEvery: 10, load },
    },
    fairdropFast: { subject: fairdrop, plan: fast },
    fairdropSlow: { subject: fairdrop, plan: slow },
    fairdropOneRequest: { subject: fairdrop, plan: oneRequest },
    fairdropLowLoad: { subject: fairdrop, plan: lowLoad },
    withoutRedisFast: { subject: withoutRedis, plan: fast },
  };
}

function figuresOf(rounds: readonly Round[], memory: Comparison['memory']): Figures {
  const medianOf = (pick: (round: Round) => number) => median(rounds.map(pick));
  const dms = (run: Run) => run.dmsPerSecond ?? Number.NaN;
  const delay = (run: Run, share: 'p50' | 'p99') => run.commentToDmMs?.[share] ?? Number.NaN;
  const cpu = rounds.map((round) => cpuPerThousand(round.fairdropFast));
  return {
    acksTenPercent: medianOf((r) => r.fairdropTenPercent.acksPerSecond / r.receiver.acksPerSecond),
    acksAllMatching: medianOf((r) => r.fairdropFast.acksPerSecond / r.receiver.acksPerSecond),
    ackP99TenPercent: medianOf((r) => r.fairdropTenPercent.ackMs.p99),
    ackP99AllMatching: medianOf((r) => r.fairdropFast.ackMs.p99),
    oneRequestMs: medianOf((r) => r.fairdropOneRequest.ackMs.p50),
    dmsFast: medianOf((r) => dms(r.fairdropFast) / dms(r.loopFast)),
    dmsSlow: medianOf((r) => dms(r.fairdropSlow) / dms(r.loopSlow)),
    dmsWithoutRedis: medianOf((r) => dms(r.withoutRedisFast) / dms(r.loopFast)),
    cpuPerThousand: cpu.every((value) => value !== null) ? median(cpu) : null,
    apiMemoryMb: memory.api?.peakMb ?? null,
    workerMemoryMb: memory.worker?.peakMb ?? null,
    lowLoadP50: medianOf((r) => delay(r.fairdropLowLoad, 'p50')),
    lowLoadP99: medianOf((r) => delay(r.fairdropLowLoad, 'p99')),
  };
}

/** @returns CPU seconds of all its parts per 1,000 comments, which are 1,000 DMs where all match */
export function cpuPerThousand({ cpuSeconds, comments }: Run): number | null {
  if (cpuSeconds === null) return null;
  const total = Object.values(cpuSeconds).reduce((sum, seconds) => sum + seconds, 0);
  return (total / comments) * 1_000;
}

function describe(name: string, run: Run): string {
  const dms = run.dmsPerSecond === null ? '' : `${Math.round(run.dmsPerSecond)} DMs/s  `;
  const acks = `${Math.round(run.acksPerSecond)} acks/s  p99 ${run.ackMs.p99.toFixed(1)} ms`;
  return `${name.padEnd(20)} ${dms.padEnd(14)}${acks}`;
}
