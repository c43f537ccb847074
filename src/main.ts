import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';

// Before anything grows. What has become old is collected once the heap has 1.6 times of what was in use, not up to four
// times. How large the young generation may get is settled when a process starts, so it stands on the command line:
// `--max-semi-space-size`, in package.json and in the Dockerfile.
setFlagsFromString('--heap-growing-percent=60');
// Every thread that compiles WebAssembly, which is Prisma's, would keep the memory that it took for it.
setFlagsFromString('--wasm-num-compilation-tasks=1');

// From the second start on nothing is compiled again, which is most of what a start does; where the cache cannot be
// kept, it is not.
enableCompileCache();
await import('./start.ts');
