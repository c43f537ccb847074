/** What a person reads at the end. */
import { type Comparison, cpuPerThousand, type Round, type RunName } from '../compare.ts';
import { goals, holds } from '../goals.ts';
import type { Run } from '../measure/run.ts';
import { median } from '../measure/statistics.ts';

const labels: Record<RunName, string> = {
  receiver: 'bare receiver',
  loopFast: 'bare loop, 0 ms',
  loopSlow: 'bare loop, 50 ms',
  loopLowLoad: 'bare loop, low load',
  fairdropTenPercent: 'Fairdrop, 10 % matching',
  fairdropFast: 'Fairdrop, 0 ms',
  fairdropSlow: 'Fairdrop, 50 ms',
  fairdropOneRequest: 'Fairdrop, one request',
  fairdropLowLoad: 'Fairdrop, low load',
  withoutRedisFast: 'Fairdrop without Redis, 0 ms',
};

export function renderRuns({ rounds, memory }: Comparison): string {
  const head = ['medians', 'acks/s', 'ack p50', 'p99 ms', 'DMs/s', 'DM p50', 'p99 ms', 'CPU-s/1,000'];
  const rows = (Object.keys(labels) as RunName[]).map((name) => {
    const of = (pick: (run: Run) => number | null | undefined) => medianOrNull(rounds, name, pick);
    return [
      labels[name],
      whole(of((run) => run.acksPerSecond)),
      fine(of((run) => run.ackMs.p50)),
      fine(of((run) => run.ackMs.p99)),
      whole(of((run) => run.dmsPerSecond)),
      fine(of((run) => run.commentToDmMs?.p50)),
      fine(of((run) => run.commentToDmMs?.p99)),
      fine(of(cpuPerThousand), 2),
    ];
  });
  const parts = Object.keys(rounds[0]?.fairdropFast.cpuSeconds ?? {}).map((part) => {
    const share = medianOrNull(rounds, 'fairdropFast', (run) =>
      run.cpuSeconds ? ((run.cpuSeconds[part] ?? 0) / run.dms) * 1_000 : null,
    );
    return `${part} ${fine(share, 2)}`;
  });
  const toLoop = median(
    rounds.map((r) => (cpuPerThousand(r.fairdropFast) ?? 0) / (cpuPerThousand(r.loopFast) ?? Number.NaN)),
  );
  const resident = (['api', 'worker'] as const).map(
    (role) => `${role} ${whole(memory[role]?.residentMb)} (peak ${whole(memory[role]?.peakMb)})`,
  );
  return [
    renderTable([head, ...rows]),
    '',
    `Fairdrop's CPU-s per 1,000 DMs at 0 ms: ${parts.join(', ') || 'not counted on this machine'}`,
    `that is ${fine(toLoop, 2)} × the bare loop's, which has no database`,
    `Fairdrop's memory in MB: ${resident.join(', ')}`,
  ].join('\n');
}

export function renderGoals({ figures }: Comparison): string {
  const rows = goals.map((goal) => {
    const value = goal.value(figures);
    const met = holds(goal, value, goal.goal);
    return [
      goal.name,
      `${fine(value, 2)} ${goal.unit}`,
      `${goal.bound} ${goal.goal}`,
      met === null ? '?' : met ? 'met' : 'open',
    ];
  });
  return renderTable([['goal', 'measured', 'wanted', ''], ...rows]);
}

function medianOrNull(
  rounds: readonly Round[],
  name: RunName,
  pick: (run: Run) => number | null | undefined,
): number | null {
  const values = rounds.map((round) => pick(round[name]) ?? null).filter((value) => value !== null);
  return values.length === 0 ? null : median(values);
}

const whole = (value: number | null | undefined) =>
  value == null ? '' : Math.round(value).toLocaleString('en-US');
const fine = (value: number | null, digits = 1) => (value === null ? '' : value.toFixed(digits));

/** The first column reads from the left, the others are numbers. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const [head = [], ...body] = rows;
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n');
}
