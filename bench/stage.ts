/** Everything that runs while something is measured, and how it ends. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createRunDirectory } from '../demo/run-directory.ts';
import { startHelper } from './helper-process.ts';
import type { FakeGraph } from './load/fake-graph.ts';
import type { Generator } from './load/generator.ts';
import { createRange, type Range } from './measure/run.ts';
import { type BenchPostgres, startPostgres } from './servers/postgres.ts';
import { type BenchRedis, startRedis } from './servers/redis.ts';
import { type FairdropOptions, type FairdropSubject, startFairdrop } from './subjects/fairdrop.ts';
import type { Subject } from './subjects/subject.ts';

export interface Stage {
  range: Range;
  postgres: BenchPostgres;
  redis: BenchRedis;
  graphUrl: string;
  /** Something that is stopped with the stage. */
  add<S extends Subject>(starting: Promise<S>): Promise<S>;
  fairdrop(options: {
    name: string;
    queue: FairdropOptions['queue'];
    logLevel: string;
  }): Promise<FairdropSubject>;
}

/** In the working directory, so on the disk that a database would be on, and not in a `/tmp` that may be memory. */
const parentDirectory = path.join('.data', 'bench');

/** @param options.countStatements has PostgreSQL count them */
export async function withStage<Result>(
  options: { countStatements?: boolean },
  act: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  await using opened = new AsyncDisposableStack();
  const { dir, remove } = createRunDirectory(path.resolve(parentDirectory));
  opened.defer(remove);
  const redis = await startRedis(path.join(dir, 'redis'));
  opened.defer(redis.stop);
  const postgres = await startPostgres(dir, options);
  opened.defer(postgres.stop);
  const fake = startHelper<FakeGraph>('load/fake-graph.ts');
  opened.defer(fake.stop);
  const generator = startHelper<Generator>('load/generator.ts');
  opened.defer(generator.stop);
  const graphUrl = await fake.call('listen');

  const add = async <S extends Subject>(starting: Promise<S>): Promise<S> => {
    const subject = await starting;
    opened.defer(subject.stop);
    return subject;
  };
  let databases = 0;
  return await act({
    range: createRange(generator, fake),
    postgres,
    redis,
    graphUrl,
    add,
    fairdrop(given) {
      databases += 1;
      const redisUrl = `${redis.url}/${databases}`;
      const cwd = path.join(dir, `fairdrop-${databases}`);
      mkdirSync(cwd, { recursive: true });
      return add(
        startFairdrop({ ...given, database: `bench_${databases}`, postgres, redis, redisUrl, graphUrl, cwd }),
      );
    },
  });
}
