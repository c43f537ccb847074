/** Where the CPU goes: a profile of api and worker at full load, and what they ask of PostgreSQL and Redis. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { cpuPerThousand } from './compare.ts';
import { type Profile, readProfile, selfTimes, totalTimes } from './profile/cpu-profile.ts';
import { flameGraph } from './profile/flame-graph.ts';
import { type ServerWork, watchServers } from './profile/statements.ts';
import { circumstances, writeJson, writeResult } from './report/results.ts';
import { renderTable } from './report/table.ts';
import { fullSettings } from './settings.ts';
import { withStage } from './stage.ts';
import type { Role } from './subjects/fairdrop.ts';

const roles = ['api', 'worker'] as const satisfies Role[];
/** For the browser's developer tools. */
const rawDirectory = path.join('.data', 'bench-profile');
const shown = 30;

export async function profile(
  flags: { comments: number; matchingEvery: number; latencyMs: number },
  say: (line: string) => void,
): Promise<void> {
  mkdirSync(rawDirectory, { recursive: true });
  await withStage({ countStatements: true }, async (stage) => {
    const { connections, logLevel, warmUp } = fullSettings;
    const fairdrop = await stage.fairdrop({ name: 'Fairdrop', queue: 'redis', logLevel });
    const load = { connections };
    for (let i = 0; i < 3; i += 1) await stage.range.run(fairdrop, { count: warmUp, matchingEvery: 1, load });

    const workDone = await watchServers(stage.postgres, fairdrop.databaseUrl, stage.redis.url);
    for (const role of roles) await fairdrop.profile(role, { profile: 'start' });
    const run = await stage.range.run(fairdrop, {
      count: flags.comments,
      matchingEvery: flags.matchingEvery,
      platformLatencyMs: flags.latencyMs,
      load,
    });
    const files = roles.map((role) => path.resolve(rawDirectory, `${role}.cpuprofile`));
    for (const [index, role] of roles.entries()) {
      await fairdrop.profile(role, { profile: 'stop', file: files[index] as string });
    }
    const work = await workDone();
    await stage.range.verify();

    const profiles = files.map(readProfile);
    for (const [index, role] of roles.entries()) {
      const recorded = profiles[index] as Profile;
      say(`\n${renderProfile(role, recorded, flags.comments)}`);
      say(writeResult(`flame-${role}.svg`, flameGraph(`${role}: where its CPU time goes`, recorded)));
    }
    say(`\n${renderWork(work, flags.comments)}`);
    say(`\nCPU-s per 1,000 comments, slowed by the profiler: ${cpuPerThousand(run)?.toFixed(2)}`);
    const byRole = Object.fromEntries(
      roles.map((role, index) => [role, summary(profiles[index] as Profile, flags.comments)]),
    );
    say(writeJson('profile.json', { ...circumstances(stage), flags, run, byRole, work }));
    say(`for the developer tools of a browser: ${path.join(rawDirectory, '*.cpuprofile')}`);
  });
}

/** Microseconds per comment. */
function summary(recorded: Profile, comments: number) {
  const perComment = (entries: [string, number][]) =>
    Object.fromEntries(entries.slice(0, shown).map(([key, ms]) => [key, (ms * 1_000) / comments]));
  return {
    busyShare: recorded.busyMs / recorded.wallMs,
    selfByOrigin: perComment(selfTimes(recorded, ({ origin }) => origin)),
    selfByFunction: perComment(selfTimes(recorded, ({ name, place }) => `${name} ${place}`)),
    totalByOwnFunction: perComment(totalTimes(recorded)),
  };
}

function renderProfile(role: Role, recorded: Profile, comments: number): string {
  const { busyShare, ...parts } = summary(recorded, comments);
  const busyUs = (recorded.busyMs * 1_000) / comments;
  const table = (head: string, entries: Record<string, number>) =>
    renderTable([
      [head, 'µs/comment', '%'],
      ...Object.entries(entries).map(([key, us]) => [
        key.slice(0, 100),
        us.toFixed(1),
        ((us / busyUs) * 100).toFixed(1),
      ]),
    ]);
  return [
    `${role.toUpperCase()}: busy ${(busyShare * 100).toFixed(0)} % of the time, ${busyUs.toFixed(0)} µs per comment`,
    table('self time by part', parts.selfByOrigin),
    table('self time by function', parts.selfByFunction),
    table('own functions, with all that they call', parts.totalByOwnFunction),
  ].join('\n\n');
}

function renderWork({ statements, commits, walBytes, redisCommands }: ServerWork, comments: number): string {
  const each = (value: number) => (value / comments).toFixed(3);
  const rows = statements.map(({ statement, calls, totalMs, walBytes }) => [
    statement.slice(0, 100),
    String(calls),
    each(calls),
    (totalMs / calls).toFixed(2),
    ((totalMs * 1_000) / comments).toFixed(1),
    (walBytes / comments).toFixed(0),
  ]);
  const redis = Object.entries(redisCommands).sort(([, a], [, b]) => b - a);
  return [
    renderTable([
      ['PostgreSQL', 'calls', 'per comment', 'ms each', 'µs/comment', 'WAL B/comment'],
      ...rows.slice(0, 15),
    ]),
    `commits per comment: ${each(commits)}, WAL bytes per comment: ${(walBytes / comments).toFixed(0)}`,
    renderTable([
      ['Redis, inside scripts too', 'calls', 'per comment'],
      ...redis.slice(0, 15).map(([name, calls]) => [name, String(calls), each(calls)]),
    ]),
  ].join('\n\n');
}
