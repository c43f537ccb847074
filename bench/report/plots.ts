/** The pictures of the README, made from the figures of one run. */
import { type Comparison, cpuPerThousand, type Round, type RunName } from '../compare.ts';
import type { MatcherSize } from '../matcher.ts';
import type { Run } from '../measure/run.ts';
import { keptShares, median } from '../measure/statistics.ts';
import { type Peer, peers } from './peers.ts';
import { writeResult } from './results.ts';
import { type Bar, barChart, lineChart, type Series } from './svg.ts';

const shades = { fairdrop: '#0f766e', limit: '#94a3b8', peer: '#b45309' };

/** @returns the paths of the files */
export function plotComparison(comparison: Comparison & { date: string }): string[] {
  return [
    writeResult('throughput.svg', throughput(comparison)),
    writeResult('latency.svg', latency(comparison)),
  ];
}

/** Comments per second on one core, by the number of triggers. */
export function plotMatcher(sizes: readonly MatcherSize[], date: string): string {
  const line = (name: string, pick: (size: MatcherSize) => number): Series => ({
    name,
    points: sizes.map((size) => ({ x: size.triggers, y: Math.max(1, pick(size)) })),
  });
  const format = (value: number) => value.toLocaleString('en-US');
  const ticks = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
  return lineChart(
    `Comments matched per second on one core (${date.slice(0, 10)})`,
    { label: 'triggers', from: 10, to: 100_000, ticks: ticks.slice(1, 6), logarithmic: true, format },
    { label: 'comments per second', from: 1, to: 1_000_000, ticks, logarithmic: true, format },
    [
      line('Fairdrop', (size) => size.perSecond),
      line('a regular expression for each keyword', (size) => size.naivePerSecond),
    ],
  );
}

function throughput({ rounds, date }: Comparison & { date: string }): string {
  const group = (
    name: string,
    unit: string,
    ofPeer: (peer: Peer) => number,
    measured: readonly [string, RunName, (run: Run) => number | null, string][],
  ) => ({
    name,
    bars: [
      ...peers.map((peer) => bar(peer.name, ofPeer(peer), unit, shades.peer)),
      ...measured.map(([label, run, pick, colour]) => bar(label, medianOf(rounds, run, pick), unit, colour)),
    ],
  });
  const { fairdrop, limit } = shades;
  return barChart(`Comments and DMs, on two cores (${date.slice(0, 10)})`, [
    group('acknowledged per second', '/s', (peer) => peer.acksPerSecond, [
      ['Fairdrop, all matching', 'fairdropFast', (run) => run.acksPerSecond, fairdrop],
      ['Fairdrop, 10 % matching', 'fairdropTenPercent', (run) => run.acksPerSecond, fairdrop],
      ['bare receiver', 'receiver', (run) => run.acksPerSecond, limit],
    ]),
    group('DMs per second, platform answers at once', '/s', (peer) => peer.dmsFast, [
      ['Fairdrop', 'fairdropFast', (run) => run.dmsPerSecond, fairdrop],
      ['Fairdrop without Redis', 'withoutRedisFast', (run) => run.dmsPerSecond, fairdrop],
      ['bare loop, no database', 'loopFast', (run) => run.dmsPerSecond, limit],
    ]),
    group('DMs per second, platform takes 50 ms', '/s', (peer) => peer.dmsSlow, [
      ['Fairdrop', 'fairdropSlow', (run) => run.dmsPerSecond, fairdrop],
      ['bare loop, no database', 'loopSlow', (run) => run.dmsPerSecond, limit],
    ]),
    group('CPU seconds per 1,000 DMs (less is better)', ' s', (peer) => peer.cpuPerThousand, [
      ['Fairdrop', 'fairdropFast', cpuPerThousand, fairdrop],
      ['bare loop, no database', 'loopFast', cpuPerThousand, limit],
    ]),
  ]);
}

function bar(name: string, value: number, unit: string, colour: string): Bar {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const label = `${value.toLocaleString('en-US', { maximumFractionDigits: digits })}${unit}`;
  return { name, value, label, colour };
}

function medianOf(rounds: readonly Round[], name: RunName, pick: (run: Run) => number | null): number {
  return median(rounds.map((round) => pick(round[name]) ?? 0));
}

function latency({ rounds }: Comparison): string {
  const curve = (name: string, run: RunName): Series => ({
    name,
    points: keptShares.map((share, index) => ({
      x: Math.max(1, median(rounds.map((round) => round[run].commentToDmMs?.quantiles[index] ?? 0))),
      y: share * 100,
    })),
  });
  const ticks = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000];
  return lineChart(
    'From a comment to its DM',
    { label: 'milliseconds', from: 1, to: 10_000, ticks, logarithmic: true },
    { label: '% of the DMs arrived', from: 0, to: 100, ticks: [0, 25, 50, 75, 90, 100] },
    [
      curve('Fairdrop, low load', 'fairdropLowLoad'),
      curve('bare loop, low load', 'loopLowLoad'),
      curve('Fairdrop, full load', 'fairdropFast'),
      curve('bare loop, full load', 'loopFast'),
    ],
  );
}
