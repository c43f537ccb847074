/**
 * Which way of handing many rows to one INSERT costs less: one JSON parameter, or one array parameter per column?
 * Interleaved in one run on the embedded PostgreSQL; prints rows per second and the ratio.
 *
 *     node bench/row-encoding.ts
 */
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/db/embedded.ts';
import { newId } from '../src/ids.ts';

const rowsPerInsert = 500;
const rounds = 60;

const columns = ['id', 'kind', 'target', 'text', 'variant', 'due'] as const;
type Row = Record<(typeof columns)[number], unknown>;

const byJson = {
  name: 'by-json',
  text: `insert into sample select * from json_to_recordset($1::json)
         as r(id uuid, kind text, target text, text text, variant int, due timestamptz)`,
};
const byArrays = {
  name: 'by-arrays',
  text: `insert into sample select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::timestamptz[])`,
};

const postgres = await startEmbeddedPostgres({ dataDir: '.data/bench' });
const client = new pg.Client({ connectionString: postgres.url });
await client.connect();
await client.query(
  'create temp table sample (id uuid primary key, kind text, target text, text text, variant int, due timestamptz)',
);

const spentMs = { json: 0, arrays: 0 };
for (let round = 0; round < rounds; round += 1) {
  spentMs.json += await timed(() => {
    const rows = makeRows();
    return client.query({ ...byJson, values: [JSON.stringify(rows)] });
  });
  spentMs.arrays += await timed(() => {
    const rows = makeRows();
    return client.query({ ...byArrays, values: columns.map((column) => rows.map((row) => row[column])) });
  });
}
await client.end();
await postgres.stop();

const perSecond = (ms: number) => Math.round((rounds * rowsPerInsert) / (ms / 1000));
console.log(`json    ${perSecond(spentMs.json)} rows/s`);
console.log(`arrays  ${perSecond(spentMs.arrays)} rows/s`);
console.log(`json / arrays = ${(spentMs.arrays / spentMs.json).toFixed(2)}`);

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

function makeRows(): Row[] {
  return Array.from({ length: rowsPerInsert }, (_, variant) => ({
    id: newId(),
    kind: 'private_reply',
    target: `1790000000000${variant}`,
    text: 'Hi reader, here is “The guide”: https://studio.example/guide.pdf',
    variant,
    due: new Date(),
  }));
}
