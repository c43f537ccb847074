/**
 * A process that owns an embedded PostgreSQL, to be killed by a test: `node embedded-owner.ts <dataDir> [exit]`.
 * Prints one line of JSON when the server is up; with `exit` it then leaves without stopping it.
 */
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';

const [, , dataDir = '', then] = process.argv;
// As the service does: a signal begins an orderly end, in which the database is needed to the last.
process.on('SIGINT', () => console.log('interrupted'));
const { url, startedHere } = await startEmbeddedPostgres({ dataDir });
console.log(JSON.stringify({ url, startedHere }));
if (then === 'exit') process.exit(0);
setInterval(() => {}, 60_000);
