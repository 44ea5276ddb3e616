import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { main } from '../../../cli/main';
import { AuditRecord } from '../../../core/audit';
import { operationsParameterName } from '../../../core/backup/operations';
import { secretsParameterName, type SecretOperations } from '../../../core/secrets/operations';
import type { RotationEvent } from '../../../core/secrets/rotation';
import { openFrontDoor } from '../../../local/front-door';
import { rotateSecret } from '../../../local/rotation';
import { operationsOf } from '../../cli/operations';
import { startRotationWorld, valueOf, type RotationWorld } from './rotation-support';

const ENVIRONMENT = 'test';
const VAULT = 'vault';

/** An environment of secrets, and the command line that is used on it. */
export interface GoliveWorld extends RotationWorld {
  /** ARNs by the secrets' short names. */
  readonly arns: ReadonlyMap<string, string>;
  /** What a rotation function does in a step; replaced by the tests. */
  step: (event: RotationEvent) => Promise<void>;
  /** Settles when the command line has looked at a secret the next time. */
  nextLook(): Promise<void>;
  golive(args: readonly string[], input?: string): Promise<Ran>;
  addSecret(secret: Omit<SecretOperations, 'arn'>, value: string | { readonly arn: string }): Promise<string>;
  auditRecords(): Promise<AuditRecord[]>;
  /** Every value that any version of any secret ever had, as far as it was seen. */
  readonly planted: Set<string>;
  /** Everything that the command line said. */
  readonly said: string[];
}

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SETTINGS = ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;

export async function startGoliveWorld(): Promise<GoliveWorld> {
  const world = await startRotationWorld();
  const { secretsManager, postgres } = world;
  const looks = new EventEmitter();
  const { protocol, hostname, port } = await secretsManager.config.endpoint!();
  const service = await openFrontDoor({
    emulator: `${protocol}//${hostname}:${port}`,
    rotate: (secretId, token, onBegun) =>
      rotateSecret({
        secretsManager,
        secretId,
        ...(token !== undefined && { token }),
        onBegun,
        attempts: 1,
        invoke: (event) => made.step(event),
      }),
    onFailure: () => undefined,
    onDescribed: () => looks.emit('look'),
  });
  const before = SETTINGS.map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: service.endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  const s3 = new S3Client({ forcePathStyle: true });
  const ssm = new SSMClient({});
  await s3.send(
    new CreateBucketCommand({
      Bucket: VAULT,
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    }),
  );
  const put = (name: string, value: unknown) =>
    ssm.send(
      new PutParameterCommand({ Name: name, Value: JSON.stringify(value), Type: 'String', Overwrite: true }),
    );
  await put(
    operationsParameterName(ENVIRONMENT),
    operationsOf({ environment: ENVIRONMENT, vaultBucket: VAULT }),
  );
  const secrets: SecretOperations[] = [];

  const made: GoliveWorld = {
    ...world,
    arns: new Map(),
    step: () => Promise.reject(new Error('no function')),
    nextLook: async () => void (await once(looks, 'look')),
    planted: new Set([valueOf(postgres.master).password]),
    said: [],
    addSecret: async (secret, value) => {
      const arn =
        typeof value === 'object'
          ? value.arn
          : (await secretsManager.send(new CreateSecretCommand({ Name: secret.name, SecretString: value })))
              .ARN!;
      secrets.push({ ...secret, arn });
      (made.arns as Map<string, string>).set(secret.name, arn);
      await put(secretsParameterName(ENVIRONMENT), {
        secretsVersion: 1,
        environment: ENVIRONMENT,
        secrets,
        clusters: [],
      });
      return arn;
    },
    golive: async (args, input) => {
      const written = { stdout: '', stderr: '' };
      const stream = (name: keyof typeof written) => {
        const sink = new PassThrough();
        sink.on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
        return sink as unknown as NodeJS.WriteStream;
      };
      const stdin = new PassThrough();
      stdin.end(input ?? '');
      const exitCode = await main(args, {
        stdout: stream('stdout'),
        stderr: stream('stderr'),
        stdin: stdin as unknown as NodeJS.ReadStream,
        env: {
          GOLIVE_ENV: ENVIRONMENT,
          GOLIVE_CA_FILE: postgres.caFile,
          AWS_ENDPOINT_URL: service.endpoint,
        },
      });
      if (!args.includes('--reveal')) made.said.push(written.stdout);
      made.said.push(written.stderr);
      return { exitCode, ...written };
    },
    auditRecords: async () => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: VAULT, Prefix: 'audit/' }));
      const records = await Promise.all(
        Contents.map(async ({ Key }) => {
          const { Body } = await s3.send(new GetObjectCommand({ Bucket: VAULT, Key }));
          return AuditRecord.parse(JSON.parse(await Body!.transformToString()));
        }),
      );
      return records.sort((one, other) => one.startedAt.localeCompare(other.startedAt));
    },
    stop: async () => {
      await service.close();
      s3.destroy();
      ssm.destroy();
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await world.stop();
    },
  };
  return made;
}

/** What the secret holds now, of which no part may ever be said. */
export async function plant(world: GoliveWorld, name: string): Promise<Record<string, string>> {
  const { SecretString } = await world.secretsManager.send(
    new GetSecretValueCommand({ SecretId: world.arns.get(name), VersionStage: 'AWSCURRENT' }),
  );
  const value = JSON.parse(SecretString!) as Record<string, string>;
  world.planted.add(value['password']!);
  return value;
}

export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}
