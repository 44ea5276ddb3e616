import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import {
  advance,
  decrypt,
  encrypt,
  EncryptedColumnError,
  keyCensus,
  newRing,
  currentKey,
  reencryptColumn,
  type Reencryption,
  type ReencryptionCounts,
} from '../../../core/secrets/key-ring';
import { postgresClient } from '../../../core/postgres/endpoint';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { bundledProgram } from '../../support/bundled-program';
import { ciphertext, contextOf, createUsers, POLICY, twoRings, valuesOf } from './encrypted-table';
import type { ReencryptChildJob } from './reencrypt-child';

const { before, after } = twoRings();
const OLD = currentKey(before).kid;

let postgres: LocalPostgres;
let client: Client;
let other: Client;
let watcher: Client;

beforeAll(async () => {
  postgres = await startPostgres();
  client = await connect();
  other = await connect();
  watcher = await connect();
});

afterAll(async () => {
  await client?.end();
  await other?.end();
  await watcher?.end();
  await postgres?.stop();
});

async function connect(): Promise<Client> {
  const connected = await postgresClient(postgres.master, 'reencrypt-test');
  await connected.connect();
  return connected;
}

function reencrypt(name: string, changes: Partial<Reencryption> = {}) {
  return reencryptColumn(client, {
    table: `public.${name}`,
    column: 'ssn',
    ring: after,
    context: contextOf,
    batchRows: 50,
    ...changes,
  });
}

/** The plaintexts of a table, by id. Throws when one can't be decrypted. */
async function plaintexts(name: string): Promise<Record<string, string>> {
  const rows = await valuesOf(client, name);
  return Object.fromEntries(
    rows.map(({ id, ssn }) => [id, decrypt(after, ssn, contextOf({ id: String(id) }))]),
  );
}

function asCreated(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [index + 1, `value ${index + 1}`]));
}

async function oldKeyNeeded(name: string): Promise<boolean> {
  const { unneeded } = await keyCensus(client, [{ table: `public.${name}`, column: 'ssn' }], [OLD]);
  return !unneeded.includes(OLD);
}

/** Does something once, after so many batches. */
function afterBatches(count: number, strike: () => unknown) {
  return ({ batches }: ReencryptionCounts) => {
    if (batches === count) strike();
  };
}

describe('a column is refused', () => {
  it('of a table without a primary key', async () => {
    await client.query('CREATE TABLE keyless (id int, ssn text)');
    await expect(reencrypt('keyless')).rejects.toThrow(EncryptedColumnError);
  });

  it('that is not there', async () => {
    await expect(reencrypt('nobody')).rejects.toThrow(
      /is not in the database; correct the configured columns/,
    );
  });

  it('whose rows are hidden from the role', async () => {
    await createUsers(client, 'policed', before, 3);
    await client.query(`CREATE ROLE writer LOGIN PASSWORD 'writer'; GRANT SELECT, UPDATE ON policed TO writer;
      ALTER TABLE policed ENABLE ROW LEVEL SECURITY`);
    const writer = await postgresClient({ ...postgres.master, user: 'writer', password: 'writer' }, 'writer');
    await writer.connect();
    const request = { table: 'public.policed', column: 'ssn', ring: after, context: contextOf };
    await expect(reencryptColumn(writer, request)).rejects.toThrow(/row-level security/);
    await writer.end();
  });
});

it('killed half-way it leaves every value good, and goes on from there when it is run again', async () => {
  await createUsers(client, 'killed', before, 1_000);
  const folder = mkdtempSync(join(tmpdir(), 'golive-test-ring-'));
  const ringFile = join(folder, 'ring.json');
  writeFileSync(ringFile, JSON.stringify(after), { mode: 0o600 });
  const child = fork(await bundledProgram(join(__dirname, 'reencrypt-child.ts')));
  const job: ReencryptChildJob = {
    endpoint: postgres.master,
    ringFile,
    table: 'public.killed',
    killAfterBatches: 7,
  };
  child.send(job);
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  rmSync(folder, { recursive: true });
  expect(signal).toBe('SIGKILL');
  expect(await plaintexts('killed')).toEqual(asCreated(1_000));
  expect(await oldKeyNeeded('killed')).toBe(true);

  const report = await reencrypt('killed');
  expect(report).toMatchObject({ reencrypted: 650, failed: 0, complete: true });
  expect(await plaintexts('killed')).toEqual(asCreated(1_000));
  expect(await oldKeyNeeded('killed')).toBe(false);
  expect(await reencrypt('killed')).toMatchObject({ reencrypted: 0, batches: 0, complete: true });
});

it('its connection cut in the middle of a batch, nothing of that batch is done', async () => {
  await createUsers(client, 'cut', before, 200);
  const victim = await connect();
  victim.on('error', () => undefined);
  // Holds the last batch up, so that the cut meets it inside of its statement.
  await other.query('BEGIN; SELECT FROM cut WHERE id = 175 FOR UPDATE');
  const run = reencryptColumn(victim, {
    table: 'public.cut',
    column: 'ssn',
    ring: after,
    context: contextOf,
    batchRows: 50,
  });
  const failure = run.then(
    () => undefined,
    (error: unknown) => error,
  );
  await untilWaiting();
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid()`,
  );
  expect(String(await failure)).toMatch(/terminat/i);
  await other.query('ROLLBACK');
  expect(await plaintexts('cut')).toEqual(asCreated(200));
  expect(await reencrypt('cut')).toMatchObject({ reencrypted: 50, complete: true });
});

/** Until a statement waits for a lock. */
async function untilWaiting(): Promise<void> {
  for (;;) {
    const { rowCount } = await watcher.query('SELECT FROM pg_locks WHERE NOT granted');
    if (rowCount) return;
    await new Promise(setImmediate);
  }
}

it('a value that is written while its batch runs stays as it was written', async () => {
  await createUsers(client, 'raced', before, 100);
  // Writes with a ring from before the rotation, and commits once the batch waits for it.
  await other.query('BEGIN');
  await other.query('UPDATE raced SET ssn = $1 WHERE id = 7', [ciphertext(before, 7, 'written meanwhile')]);
  const run = reencrypt('raced');
  await untilWaiting();
  await other.query('COMMIT');
  // The second pass takes what the first one left.
  expect(await run).toMatchObject({ reencrypted: 100, changedMeanwhile: 1, failed: 0, complete: true });
  expect(await plaintexts('raced')).toEqual({ ...asCreated(100), 7: 'written meanwhile' });
});

it('writers at full rate lose nothing', async () => {
  await createUsers(client, 'busy', before, 600);
  const written: Record<string, string> = {};
  let running = true;
  const write = async () => {
    for (let turn = 0; running; turn += 1) {
      const id = 1 + ((turn * 7919) % 600);
      const plaintext = `turn ${turn}`;
      // Every third with a ring from before the rotation.
      await other.query('UPDATE busy SET ssn = $1 WHERE id = $2', [
        ciphertext(turn % 3 === 0 ? before : after, id, plaintext),
        id,
      ]);
      written[id] = plaintext;
    }
  };
  const writer = write();
  const report = await reencrypt('busy', { batchRows: 20 });
  running = false;
  await writer;
  const last = await reencrypt('busy');
  expect(Object.keys(written).length).toBeGreaterThan(10);
  expect(report.failed).toBe(0);
  expect(last.complete).toBe(true);
  expect(await plaintexts('busy')).toEqual({ ...asCreated(600), ...written });
  expect(await oldKeyNeeded('busy')).toBe(false);
});

it('values that can not be decrypted stay as they are and are named, without what they hold', async () => {
  await createUsers(client, 'damaged', before, 100);
  const stranger = newRing('A256GCM', new Date(), POLICY);
  const swapped = ciphertext(before, 4, 'patient-4711');
  await client.query('UPDATE damaged SET ssn = $1 WHERE id = 3', [swapped]);
  await client.query('UPDATE damaged SET ssn = $1 WHERE id = 60', [ciphertext(stranger, 60, 'patient-4711')]);
  await client.query(`UPDATE damaged SET ssn = left(ssn, -1) WHERE id = 61`);
  await client.query(`UPDATE damaged SET ssn = 'never encrypted' WHERE id = 62`);
  await client.query(`UPDATE damaged SET ssn = NULL WHERE id = 63`);
  const report = await reencrypt('damaged');
  expect(report).toEqual({
    reencrypted: 95,
    changedMeanwhile: 0,
    batches: 2,
    complete: false,
    failed: 3,
    failures: [
      { row: { id: '3' }, code: 'CiphertextRefusedError' },
      { row: { id: '60' }, code: 'UnknownKeyError' },
      { row: { id: '61' }, code: 'CiphertextMalformedError' },
    ],
  });
  const { rows } = await client.query(`SELECT ssn FROM damaged WHERE id IN (3, 62, 63) ORDER BY id`);
  expect(rows).toEqual([{ ssn: swapped }, { ssn: 'never encrypted' }, { ssn: null }]);
});

it('stops between two batches when it is told to, and goes on later', async () => {
  await createUsers(client, 'stopped', before, 200);
  const controller = new AbortController();
  const onProgress = afterBatches(2, () => controller.abort(new Error('the night is over')));
  await expect(reencrypt('stopped', { signal: controller.signal, onProgress })).rejects.toThrow(
    'the night is over',
  );
  expect(await plaintexts('stopped')).toEqual(asCreated(200));
  expect(await reencrypt('stopped')).toMatchObject({ reencrypted: 100, complete: true });
});

it('tells of each batch', async () => {
  await createUsers(client, 'told', before, 120);
  const told: ReencryptionCounts[] = [];
  await reencrypt('told', { onProgress: (progress) => told.push(progress) });
  expect(told.map(({ reencrypted }) => reencrypted)).toEqual([50, 100, 120]);
});

it('keys of several columns and awkward types, and contexts of other columns, are taken as they are', async () => {
  await client.query(`CREATE TYPE "Kind""s" AS ENUM ('zebra', 'ant');
    CREATE TABLE "Odd ""table" (at timestamptz, "Kind" "Kind""s", name text COLLATE "C", tenant int, ssn varchar(500),
      PRIMARY KEY ("Kind", at, name)) PARTITION BY LIST ("Kind");
    CREATE TABLE odd_zebra PARTITION OF "Odd ""table" FOR VALUES IN ('zebra');
    CREATE TABLE odd_ant PARTITION OF "Odd ""table" FOR VALUES IN ('ant')`);
  const ids = Array.from({ length: 120 }, (_, index) => index);
  const place = (tenant: number) => ({ tenant: String(tenant) });
  await client.query(
    `INSERT INTO "Odd ""table" SELECT timestamptz '2026-11-28 00:00:00.000001+00' + i * interval '1 microsecond',
       CASE WHEN i % 2 = 0 THEN 'zebra' ELSE 'ant' END::"Kind""s", E'a"\\'\\\\,{}' || i, i, v
     FROM unnest($1::int[], $2::text[]) AS t(i, v)`,
    [ids, ids.map((id) => encrypt(before, `value ${id}`, place(id)))],
  );
  const report = await reencrypt('Odd "table', {
    contextColumns: ['tenant'],
    context: (row) => place(Number(row['tenant'])),
    batchRows: 7,
  });
  expect(report).toMatchObject({ reencrypted: 120, failed: 0, complete: true, batches: 18 });
});

it('after it, and the time of backups, a rotation drops the old key', async () => {
  await createUsers(client, 'whole', before, 100);
  const columns = [{ table: 'public.whole', column: 'ssn' }];
  await reencrypt('whole');
  const { unneeded } = await keyCensus(client, columns, [OLD]);
  const marked = advance(after, new Date('2026-11-28T01:00:00Z'), POLICY, { unneeded }).ring;
  const { ring, pruned } = advance(marked, new Date('2026-11-28T02:00:00Z'), POLICY, { unneeded });
  expect(pruned).toEqual([OLD]);
  for (const { id, ssn } of await valuesOf(client, 'whole')) {
    expect(decrypt(ring, ssn, contextOf({ id: String(id) }))).toBe(`value ${id}`);
  }
});
