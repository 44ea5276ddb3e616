import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { escapeIdentifier } from 'pg';
import {
  compareFingerprints,
  fingerprintDatabase,
  type DatabaseFingerprint,
  type Difference,
} from '../../../core/backup/fingerprint';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import { withLibpqEnvironment } from '../../../core/postgres/libpq';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';

const SAMPLE = join(__dirname, 'fingerprint-sample.sql');

/** A PostgreSQL server of a test file's own; everything is done as the master user, who is not a superuser. */
export class FingerprintServer {
  private copies = 0;
  private readonly fingerprints = new Map<string, Promise<DatabaseFingerprint>>();

  private constructor(
    readonly postgres: LocalPostgres,
    private readonly folder: string,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<FingerprintServer> {
    const folder = await mkdtemp(join(tmpdir(), 'golive-fingerprint-test-'));
    const server = new FingerprintServer(await startPostgres({ settings }), folder);
    const { user } = server.postgres.master;
    await server.run(
      'postgres',
      `CREATE ROLE app_owner; CREATE ROLE reporting; GRANT app_owner TO ${user} WITH ADMIN OPTION`,
      server.postgres.superuser,
    );
    return server;
  }

  /** Makes a database with `fingerprint-sample.sql` in it. */
  async createSample(name: string): Promise<void> {
    await this.program('psql', await this.postgres.createDatabase(name), [
      ...['--no-psqlrc', '--quiet', '--output=/dev/null', '--set=ON_ERROR_STOP=1', `--file=${SAMPLE}`],
    ]);
  }

  endpoint(database: string): PostgresEndpoint {
    return { ...this.postgres.master, database };
  }

  /** @param as the master user unless told */
  async run(database: string, sql: string, as = this.postgres.master): Promise<void> {
    await this.postgres.query({ ...as, database }, (client) => client.query(sql));
  }

  /** Lends a copy of a database, made file by file. */
  async withCopyOf<T>(template: string, use: (copy: string) => Promise<T>): Promise<T> {
    const copy = `copy_${(this.copies += 1)}`;
    await this.run('postgres', `CREATE DATABASE ${copy} TEMPLATE ${escapeIdentifier(template)}`);
    try {
      return await use(copy);
    } finally {
      await this.run('postgres', `DROP DATABASE ${copy} WITH (FORCE)`);
    }
  }

  /** What a fingerprint says of a database, compared with one of `expected` that is taken once. */
  async differences(expected: string, actual: string): Promise<Difference[]> {
    let before = this.fingerprints.get(expected);
    if (!before) {
      before = fingerprintDatabase({ endpoint: this.endpoint(expected) });
      this.fingerprints.set(expected, before);
    }
    return compareFingerprints(await before, await fingerprintDatabase({ endpoint: this.endpoint(actual) }));
  }

  /** As {@link differences}, with both taken now. */
  async freshDifferences(expected: string, actual: string): Promise<Difference[]> {
    this.fingerprints.delete(expected);
    return this.differences(expected, actual);
  }

  async dumpAndRestore(source: string, target: string): Promise<void> {
    const archive = this.path('source.pgdump');
    await this.program('pg_dump', this.endpoint(source), [
      '--format=custom',
      '--compress=1',
      `--file=${archive}`,
    ]);
    await this.program('pg_restore', await this.postgres.createDatabase(target), [
      ...['--exit-on-error', `--dbname=${target}`, archive],
    ]);
  }

  async toastTableOf(database: string, table: string): Promise<string> {
    return this.postgres.query({ ...this.postgres.superuser, database }, async (client) => {
      const { rows } = await client.query<{ toast: string }>(
        'SELECT reltoastrelid::regclass::text AS toast FROM pg_class WHERE oid = $1::regclass',
        [table],
      );
      return rows[0]!.toast;
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async stop(): Promise<void> {
    await this.postgres.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async program(name: string, endpoint: PostgresEndpoint, args: readonly string[]): Promise<void> {
    await withLibpqEnvironment(endpoint, 'fingerprint-test', async (env) => {
      await promisify(execFile)(join(this.postgres.binFolder, name), args, { env });
    });
  }
}
