import { enableCompileCache } from 'node:module';

// From the second start on nothing is compiled again, which is most of what a start does; where the cache cannot be
// kept, it is not.
enableCompileCache();
await import('./start.ts');
