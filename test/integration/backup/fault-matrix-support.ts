import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { PutSecretValueCommand, CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { DumpResult } from '../../../core/backup/dump/take-dump';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import { bundleFunction } from '../../../lib/shared/bundle';
import { destroyClients, startEmulator, type Emulator } from '../../../local/emulator';
import { invokeFunction, type Invocation, type LocalFunction } from '../../../local/lambda/local-function';
import type { LocalPostgres } from '../../../local/postgres';
import { Supervisor } from '../../../local/supervisor';
import { BUCKET, dump, s3At } from './dump-support';
import { BreakableNetwork, MortalPostgres } from './fault-matrix-database';
import { pgDumpThatHolds, type HeldPgDump } from './fault-matrix-programs';
import { FaultyS3, type S3Fault } from './fault-matrix-s3';

const REGION = 'eu-west-1';
const SECRET = 'database';

/**
 * `core`: `takeDump` in this process, with an S3 client that gives up sooner. `handler`: the very bundle that would
 * be deployed, in a process of its own; what it throws is what Lambda counts in `Errors`, which the alarm is on.
 */
export type Runner = 'core' | 'handler';

/** What is spoilt about one dump, and when. */
export interface Spoiling {
  readonly s3?: readonly S3Fault[];
  /** Something happens while pg_dump stands still after this share of the archive; 0 is before it has connected. */
  readonly midway?: { readonly at: number; readonly strike: (held: HeldPgDump) => unknown };
  /** Goes to the database by a network that can be broken. */
  readonly throughNetwork?: boolean;
  /** Ends the time that the dump has, milliseconds from when it begins. */
  readonly timeMs?: number;
  /** How far the machine's clock is ahead, milliseconds; only of a handler. */
  readonly clockOffMs?: number;
  /** JavaScript that the function's process runs first; only of a handler. */
  readonly preload?: string;
  /** Other variables of the function; only of a handler. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Programs that come first on the PATH, as shell scripts. */
  readonly programs?: Readonly<Record<string, string>>;
}

/** How a dump ended: what it gave, or how it failed. */
export type Ending = (DumpResult | { readonly code: unknown; readonly message: string }) & {
  /** What the function counted; undefined of `core`. */
  readonly metrics?: Readonly<Record<string, unknown>>;
};

/** A minute that the dump keeps for clearing up, before its runner ends. */
const MARGIN_MS = 60_000;

/**
 * A database of some MB that do not compress, a vault, and what stands between them and can be broken. Each row of
 * the matrix leaves it as it found it.
 */
export class FaultMatrix {
  /** Who dumps: its password may be rotated. */
  endpoint: PostgresEndpoint;
  readonly network: BreakableNetwork;
  readonly postgres: LocalPostgres;
  /** Asked directly, whatever is spoilt for the dump. */
  readonly s3: S3Client;
  private readonly impatient: S3Client;
  private instant = Date.parse('2026-03-01T00:00:00Z');
  /** As they were at the beginning. */
  databases: readonly string[] = [];
  /** Of an archive of this database, bytes. */
  private archiveBytes = 0;

  private constructor(
    private readonly supervisor: Supervisor,
    readonly server: MortalPostgres,
    readonly emulator: Emulator,
    readonly faultyS3: FaultyS3,
    network: BreakableNetwork,
    private readonly folder: string,
  ) {
    this.network = network;
    this.postgres = server.postgres;
    this.endpoint = server.postgres.master;
    this.s3 = s3At(emulator.aws.endpoint);
    this.impatient = s3At(faultyS3.endpoint, { maxAttempts: 3 });
  }

  static async start(): Promise<FaultMatrix> {
    const supervisor = Supervisor.start();
    const [server, emulator] = await Promise.all([
      MortalPostgres.start(supervisor),
      startEmulator(supervisor, REGION),
    ]);
    const folder = mkdtempSync(join(tmpdir(), 'golive-test-faults-'));
    mkdirSync(join(folder, 'code'));
    const { code } = bundleFunction({ capability: 'backup', name: 'dump' });
    writeFileSync(join(folder, 'code', 'index.js'), code);
    const matrix = new FaultMatrix(
      supervisor,
      server,
      emulator,
      await FaultyS3.start(emulator.aws.endpoint),
      await BreakableNetwork.to(server.postgres.master.port),
      folder,
    );
    await matrix.fill();
    return matrix;
  }

  async stop(): Promise<void> {
    this.s3.destroy();
    this.impatient.destroy();
    destroyClients(this.emulator.clients);
    await this.network.stop();
    await this.faultyS3.stop();
    await this.supervisor.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** An instant that no backup is for yet. */
  nextInstant(): Date {
    this.instant += 60_000;
    return new Date(this.instant);
  }

  /** Takes one dump while something is spoilt; returns how it failed, or what it gave. */
  async run(through: Runner, at: Date, spoiling: Spoiling = {}): Promise<Ending> {
    this.faultyS3.faults = (spoiling.s3 ?? []).map((fault) => ({ ...fault }));
    const holding =
      spoiling.midway &&
      (await pgDumpThatHolds(this.postgres.binFolder, Math.round(spoiling.midway.at * this.archiveBytes)));
    const programs = this.programsOf(spoiling);
    const paths = [...(holding ? [holding.path] : []), ...(programs ? [programs] : [])];
    try {
      const running =
        through === 'core' ? this.runCore(at, spoiling, paths) : this.runHandler(at, spoiling, paths);
      if (!holding) return await running;
      let isHeld = false;
      const struck = holding.held.then(async (held) => {
        isHeld = true;
        await spoiling.midway!.strike(held);
        held.release();
      });
      const result = await running;
      if (!isHeld) throw new Error(`pg_dump was never where it is struck: ${JSON.stringify(result)}`);
      await struck;
      return result;
    } finally {
      this.faultyS3.faults = [];
      await holding?.stop();
    }
  }

  /** Gives the role that dumps another password, and those who come later know it. */
  async rotatePassword(): Promise<void> {
    const password = randomBytes(12).toString('hex');
    await this.asSuperuser(`ALTER ROLE ${this.endpoint.user} PASSWORD '${password}'`);
    this.endpoint = { ...this.endpoint, password };
  }

  /** Ends the session that held the snapshot until pg_dump had it, and nobody else's. */
  async endSnapshotHolder(): Promise<void> {
    await this.asSuperuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name LIKE 'golive-dump%' AND query LIKE '%pg_export_snapshot%'`);
  }

  asSuperuser(sql: string): Promise<unknown> {
    return this.postgres.query(this.postgres.superuser, (client) => client.query(sql));
  }

  private async fill(): Promise<void> {
    const { master } = this.postgres;
    await this.s3.send(
      new CreateBucketCommand({
        Bucket: BUCKET,
        CreateBucketConfiguration: { LocationConstraint: REGION },
      }),
    );
    await this.emulator.clients.secretsManager.send(new CreateSecretCommand({ Name: SECRET }));
    // Many tables, so that pg_dump has to ask for the next one however much lies in buffers on its way.
    await this.postgres.query(master, (client) =>
      client.query(`DO $$ BEGIN FOR n IN 10..29 LOOP
        EXECUTE format('CREATE TABLE noise_%s AS SELECT i, sha512((i * 100 + %s)::text::bytea) AS one,
          sha512((i * 100 + %s)::text::bytea || ''two'') AS two, sha512((i * 100 + %s)::text::bytea || ''three'') AS three
          FROM generate_series(1, 1500) AS i', n, n, n, n);
        EXECUTE format('CREATE SEQUENCE counter_%s', n);
      END LOOP; END $$`),
    );
    await this.asSuperuser(`ALTER ROLE ${master.user} CONNECTION LIMIT 20`);
    this.databases = await this.databasesNow();
    const { manifest } = await dump(this.postgres, this.s3, { scheduledFor: this.nextInstant() });
    this.archiveBytes = manifest.archive.bytes;
  }

  private async runCore(scheduledFor: Date, spoiling: Spoiling, paths: readonly string[]): Promise<Ending> {
    const { timeMs } = spoiling;
    return await dump(this.postgres, this.impatient, {
      endpoint: this.endpointFor(spoiling),
      scheduledFor,
      path: [...paths, this.postgres.binFolder].join(':'),
      ...(timeMs !== undefined && { deadline: new Date(Date.now() + MARGIN_MS + timeMs) }),
    }).catch((error: unknown) => ({
      code: (error as { code?: unknown }).code,
      message: steady((error as Error).message),
    }));
  }

  private async runHandler(
    scheduledFor: Date,
    spoiling: Spoiling,
    paths: readonly string[],
  ): Promise<Ending> {
    const { host, port, user: username, password } = this.endpointFor(spoiling);
    await this.emulator.clients.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: SECRET,
        SecretString: JSON.stringify({ host, port, username, password }),
      }),
    );
    const { timeMs = 840_000, clockOffMs = 0, preload = '', environment = {} } = spoiling;
    const preloaded = join(this.folder, 'preload.cjs');
    writeFileSync(preloaded, `${preload}\n${clockOffMs === 0 ? '' : otherClock(clockOffMs)}`);
    const invocation = await invokeFunction(
      { ...this.dumpFunction(), timeoutSeconds: (MARGIN_MS + timeMs + Math.max(0, clockOffMs)) / 1000 },
      {
        id: 'e1',
        time: scheduledFor.toISOString().replace('.000Z', 'Z'),
        source: 'aws.events',
        'detail-type': 'Scheduled Event',
        resources: [],
      },
      {
        region: REGION,
        credentials: this.emulator.aws.credentials,
        awsEndpoint: this.faultyS3.endpoint,
        programFolders: [...paths, this.postgres.binFolder],
        databaseCaFile: this.postgres.caFile,
        temporaryFolder: this.temporaryFolder,
      },
      {
        environment: {
          ...environment,
          NODE_OPTIONS: `--require ${preloaded}`,
        },
      },
    ).finished;
    const { error, result } = invocation;
    const metrics = metricsOf(invocation);
    if (!error) return { ...(result as DumpResult), metrics };
    return { code: error.code, message: steady(error.errorMessage), metrics };
  }

  private dumpFunction(): LocalFunction {
    return {
      arn: 'arn:aws:lambda:eu-west-1:123456789012:function:dump',
      name: 'dump',
      path: 'test/Dump',
      codeFolder: join(this.folder, 'code'),
      handler: 'index.handler',
      timeoutSeconds: 900,
      memoryMiB: 3008,
      environment: {
        GOLIVE_ENVIRONMENT: 'test',
        POWERTOOLS_SERVICE_NAME: 'backup-dump',
        POWERTOOLS_METRICS_NAMESPACE: 'GoLive',
        POWERTOOLS_LOG_LEVEL: 'INFO',
        DATABASE_INSTANCE_IDENTIFIER: 'shop',
        DATABASE_RESOURCE_ID: 'db-ABC',
        DATABASE_NAME: this.endpoint.database,
        DATABASE_SECRET_ARN: SECRET,
        VAULT_BUCKET: BUCKET,
        FINGERPRINT_CONNECTIONS: '2',
        RUNNER: 'function',
      },
    };
  }

  /** Of the function's process alone, so that whatever lies in it was left. */
  get temporaryFolder(): string {
    const folder = join(this.folder, 'tmp');
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  private endpointFor({ throughNetwork }: Spoiling): PostgresEndpoint {
    return throughNetwork ? { ...this.endpoint, port: this.network.port } : this.endpoint;
  }

  private programsOf({ programs }: Spoiling): string | undefined {
    if (!programs) return undefined;
    const folder = mkdtempSync(join(this.folder, 'bin-'));
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    return folder;
  }

  /** Who is connected. */
  async sessions(): Promise<string[]> {
    return this.postgres.query(this.postgres.superuser, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT application_name AS name FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      return rows.map(({ name }) => name);
    });
  }

  async databasesNow(): Promise<string[]> {
    return this.postgres.query(this.postgres.superuser, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        'SELECT datname AS name FROM pg_database ORDER BY datname',
      );
      return rows.map(({ name }) => name);
    });
  }
}

/** What the function wrote in CloudWatch's embedded format, all of it together. */
function metricsOf({ logs }: Invocation): Record<string, unknown> {
  const lines = logs.filter((line) => line.startsWith('{') && line.includes('"_aws":'));
  return Object.assign({}, ...lines.map((line) => JSON.parse(line) as object)) as Record<string, unknown>;
}

/** In Lambda the deadline comes from the same clock, so it is as far off. */
function otherClock(offMs: number): string {
  return `const Right = Date;
    globalThis.Date = class Date extends Right {
      constructor(...parts) { super(...(parts.length === 0 ? [Right.now() + ${offMs}] : parts)); }
      static now() { return Right.now() + ${offMs}; }
    };`;
}

/** A message without what differs from run to run. */
function steady(message: string): string {
  return message
    .replace(/archive-[0-9a-f]{8}/g, 'archive-ATTEMPT')
    .replace(/\d{4}\/\d\d\/\d\d\/\d{8}T\d{6}Z/g, 'INSTANT')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'INSTANT')
    .replace(/localhost(:|"? \([0-9a-f.:]+\), port )\d+/g, 'localhost$1PORT')
    .replace(/(\/[\w.-]+)*\/golive-[\w.-]+(\/[\w.-]+)*/g, 'FOLDER')
    .replace(/noise_\d+/g, 'noise_N');
}
