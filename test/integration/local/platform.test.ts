import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ReceiveMessageCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { GetBucketVersioningCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { NoSuchResourceError, startPlatform, type LocalPlatform } from '../../../local/platform';
import { isAlive, until } from '../../support/processes';
import { synthesisedLocal } from '../support/synthesised';

const root = resolve(__dirname, '../../..');

describe('the local platform', () => {
  let assembly: string;

  beforeAll(async () => {
    assembly = await synthesisedLocal();
  });

  describe('deployed from the synthesised templates', () => {
    let platform: LocalPlatform;

    beforeAll(async () => {
      platform = await startPlatform({ assembly });
    });

    afterAll(async () => {
      await platform?.stop();
    });

    it('reports every resource of every template, and each has a reason', () => {
      const stage = join(assembly, 'assembly-local');
      const declared = readdirSync(stage)
        .filter((file) => file.endsWith('.template.json'))
        .flatMap((file) => {
          const { Resources } = JSON.parse(readFileSync(join(stage, file), 'utf8')) as { Resources: object };
          return Object.keys(Resources);
        });
      expect(platform.resources.map(({ logicalId }) => logicalId).sort()).toEqual(declared.sort());
      expect(platform.resources.every(({ note }) => note.length > 0)).toBe(true);
      expect(new Set(platform.resources.map(({ treatment }) => treatment))).toEqual(
        new Set(['executed', 'modelled']),
      );
    });

    it('has the vault as its template asks for it', async () => {
      const Bucket = platform.bucket('Vault/Bucket');
      const { Status } = await platform.clients.s3.send(new GetBucketVersioningCommand({ Bucket }));
      expect(Status).toBe('Enabled');
    });

    it('takes a snapshot when its rule fires, once per scheduled instant', async () => {
      const at = new Date('2026-11-23T01:30:00Z');
      const first = await platform.fire('SnapshotJob', { at });
      const again = await platform.fire('SnapshotJob', { at });
      expect([first.at(-1)?.error, again.at(-1)?.error]).toEqual([undefined, undefined]);
      const { DBSnapshots = [] } = await platform.clients.rds.send(
        new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }),
      );
      expect(DBSnapshots).toHaveLength(1);
      expect(DBSnapshots[0]?.TagList).toContainEqual({ Key: 'golive:environment', Value: 'local' });
    });

    it('puts a dump with a manifest into the vault when its rule fires', async () => {
      const [invocation] = await platform.fire('DumpJob', { at: new Date('2026-11-23T02:00:00Z') });
      expect(invocation?.error).toBeUndefined();
      const { Contents = [] } = await platform.clients.s3.send(
        new ListObjectsV2Command({
          Bucket: platform.bucket('Vault/Bucket'),
          Prefix: 'dumps/golive/2026/11/23/20261123T020000Z/',
        }),
      );
      expect(
        Contents.map(({ Key }) =>
          Key?.split('/')
            .at(-1)
            ?.replace(/-[0-9a-f]+\./, '-x.'),
        ).sort(),
      ).toEqual(['archive-x.pgdump', 'fingerprint-x.json.gz', 'globals-x.sql', 'manifest.json']);
    });

    it('sends what failed for good to the failure queue, with the event and the error', async () => {
      const [attempt, ...retries] = await platform.fire('DumpJob', {
        at: new Date('2026-11-23T03:00:00Z'),
        environment: { DATABASE_SECRET_ARN: 'no-such-secret' },
      });
      expect(attempt?.error?.errorMessage).toContain('no-such-secret');
      // The dump's template asks for no retry: a lease and the next schedule decide.
      expect(retries).toEqual([]);
      const { sqs } = platform.clients;
      const queue = platform.resources.find(
        ({ type, stack }) => type === 'AWS::SQS::Queue' && stack === 'local-Backup',
      );
      const { QueueUrl } = await sqs.send(
        new GetQueueUrlCommand({ QueueName: `${queue?.stack}-${queue?.logicalId}`.slice(-63) }),
      );
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      const records = Messages.map(
        ({ Body }) => JSON.parse(Body ?? '') as { requestPayload: { time: string } },
      );
      expect(records.map(({ requestPayload }) => requestPayload.time)).toContain('2026-11-23T03:00:00Z');
    });

    it('says what there is when a path fits nothing', async () => {
      await expect(platform.fire('NoSuchJob')).rejects.toThrow(NoSuchResourceError);
      await expect(platform.fire('NoSuchJob')).rejects.toThrow(/DumpJob/);
    });
  });

  describe('ends with its process and leaves nothing', () => {
    let temporary: string;

    beforeAll(() => {
      temporary = mkdtempSync(join(tmpdir(), 'golive-test-ends-'));
      // PostgreSQL runs as another user when we are root.
      chmodSync(temporary, 0o755);
    });

    afterAll(() => rmSync(temporary, { recursive: true, force: true }));

    interface Running {
      readonly child: ChildProcess;
      readonly port: number;
      readonly pid: number;
      readonly endpoint: string;
    }

    async function start(...args: string[]): Promise<Running> {
      const script = join(root, 'test/integration/support/run-platform.ts');
      const child = spawn(process.execPath, ['--import', 'tsx', script, assembly, ...args], {
        cwd: root,
        // Its own, so that what other test files start meanwhile is not taken for its leavings.
        env: { ...process.env, TMPDIR: temporary },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      return await new Promise((done, fail) => {
        let line = '';
        child.stdout?.on('data', (chunk: Buffer) => {
          line += chunk.toString();
          if (line.includes('\n')) done({ child, ...(JSON.parse(line) as Omit<Running, 'child'>) });
        });
        child.once('exit', () => fail(new Error(`the platform did not start: ${output}`)));
      });
    }

    function temporaryFolders(): string[] {
      return readdirSync(temporary).filter((name) => name.startsWith('golive-'));
    }

    async function expectNothingLeft({ pid, endpoint }: Running): Promise<void> {
      await until(() => !isAlive(pid));
      await until(() =>
        fetch(endpoint).then(
          () => false,
          () => true,
        ),
      );
    }

    it.each([
      ['Ctrl-C', 'SIGINT'],
      ['a kill that cannot be caught', 'SIGKILL'],
      ['a polite kill', 'SIGTERM'],
    ] as const)('after %s', async (_, signal) => {
      const running = await start();
      const exited = once(running.child, 'exit');
      running.child.kill(signal);
      await exited;
      await expectNothingLeft(running);
    });

    it('after a crash', async () => {
      const running = await start('crash');
      await expectNothingLeft(running);
    });

    it('also when two run side by side, each on ports of its own', async () => {
      const [one, two] = await Promise.all([start(), start()]);
      expect(one.port).not.toBe(two.port);
      expect(one.endpoint).not.toBe(two.endpoint);
      expect(temporaryFolders().length).toBeGreaterThanOrEqual(6);
      for (const { child } of [one, two]) child.kill('SIGKILL');
      await expectNothingLeft(one);
      await expectNothingLeft(two);
      await until(() => temporaryFolders().length === 0);
    });

    it.each([
      ['synthesis', /^golive-assembly-/, 'scratch/synthesis.log'],
      ["PostgreSQL's initialisation", /^golive-pg-/, 'initdb.log'],
    ])('when it is killed during %s', async (_, folder, log) => {
      const synthesises = log.startsWith('scratch');
      const script = join(root, 'test/integration/support/run-platform.ts');
      const args = ['--import', 'tsx', script, ...(synthesises ? [] : [assembly])];
      const child = spawn(process.execPath, args, {
        cwd: root,
        env: { ...process.env, TMPDIR: temporary },
        stdio: 'ignore',
      });
      const exited = once(child, 'exit');
      const begun = () =>
        temporaryFolders().some((name) => folder.test(name) && existsSync(join(temporary, name, log)));
      await until(begun);
      child.kill('SIGKILL');
      await exited;
      await until(() => temporaryFolders().length === 0);
      expect(temporaryFolders()).toEqual([]);
    });
  });
});
