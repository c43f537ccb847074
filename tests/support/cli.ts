import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './servers.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** `npm run fairdrop -- …` with this environment and no other: in a directory where no `.env` is. */
export async function fairdropCli(env: Record<string, string>, ...args: string[]): Promise<Said> {
  const { dir, remove } = temporaryDirectory('cli');
  try {
    return await runProgram([cli, ...args], { cwd: dir, env });
  } finally {
    remove();
  }
}

/** Node with these arguments, to its end. */
export function runProgram(
  args: string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<Said> {
  const env = { PATH: process.env.PATH ?? '', ...options.env };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: options.cwd, env }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      resolve({ code, stdout, stderr });
    });
  });
}
