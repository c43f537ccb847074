/** Processes of the bench itself, spoken to by name and value; they end with the process that started them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

// biome-ignore lint/suspicious/noExplicitAny: the concrete functions give the types
export type Functions = Record<string, (input: any) => unknown>;

export interface Helper<Api extends Functions> {
  readonly pid: number;
  call<Name extends keyof Api & string>(
    name: Name,
    ...input: Parameters<Api[Name]>
  ): Promise<Awaited<ReturnType<Api[Name]>>>;
  stop(): Promise<void>;
}

interface Call {
  id: number;
  name: string;
  input: unknown;
}
type Answer = { id: number; value: unknown } | { id: number; error: string };

/** In the helper: answers calls, and ends when its parent is gone. */
export function serve(functions: Functions): void {
  process.on('message', async ({ id, name, input }: Call) => {
    try {
      const run = functions[name];
      if (!run) throw new Error(`no function ${name}`);
      process.send?.({ id, value: await run(input) } satisfies Answer);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.send?.({ id, error: text } satisfies Answer);
    }
  });
  process.once('disconnect', () => process.exit());
}

/** @param module the helper's file, relative to `bench/` */
export function startHelper<Api extends Functions>(
  module: string,
  env: Record<string, string> = {},
): Helper<Api> {
  const child = fork(new URL(module, import.meta.url), {
    serialization: 'advanced',
    env: { PATH: process.env.PATH ?? '', ...env },
    execArgv: [],
  });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) call?.reject(new Error(`${module}: ${answer.error}`));
    else call?.resolve(answer.value);
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${module} ended (${signal ?? code})`));
    waiting.clear();
  });
  return {
    pid: child.pid ?? 0,
    call(name, ...input) {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id, name, input: input[0] } satisfies Call, (error) => error && reject(error));
      });
    },
    stop: () => stopChild(child, () => child.disconnect()),
  };
}

/** Resolves when the child has ended. */
export async function stopChild(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  ask();
  await exited;
}
