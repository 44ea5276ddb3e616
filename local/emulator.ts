import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { GoLiveError } from '../core/shared/errors';
import { startOnFreePort } from './start-on-free-port';
import type { Supervisor } from './supervisor';
import { requireTools } from './tools';

/** moto's account, which the `local` environment names as its own. */
export const EMULATED_ACCOUNT = '123456789012';

/** How to reach the emulated AWS. The credentials open nothing: the emulator does not check them. */
export interface EmulatedAws {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface AwsClients {
  readonly s3: S3Client;
  readonly rds: RDSClient;
  readonly secretsManager: SecretsManagerClient;
  readonly kms: KMSClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly ssm: SSMClient;
}

export interface Emulator {
  readonly aws: EmulatedAws;
  readonly clients: AwsClients;
}

export class EmulatorError extends GoLiveError {
  readonly code = 'EmulatorError';
}

const SERVICE = 'moto';
const START_TIMEOUT_MS = 60_000;

/** Starts moto_server on a free port and waits until it answers. */
export async function startEmulator(supervisor: Supervisor, region: string): Promise<Emulator> {
  const { motoServer } = await requireTools();
  const folder = await supervisor.temporaryFolder('golive-moto-');
  const { port } = await startOnFreePort(supervisor, {
    folder,
    specification: (port) => ({
      name: SERVICE,
      command: motoServer,
      args: ['--host', 'localhost', '--port', String(port)],
      // pyenv's and pipx's launchers need HOME; moto spools large objects into TMPDIR.
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? folder,
        TMPDIR: folder,
        MOTO_ACCOUNT_ID: EMULATED_ACCOUNT,
        AWS_DEFAULT_REGION: region,
        PYTHONDONTWRITEBYTECODE: '1',
      },
      cwd: folder,
      stopSignal: 'SIGKILL',
    }),
    answers,
    timeoutMs: START_TIMEOUT_MS,
    failed: (log) => new EmulatorError(`moto_server did not start; its log says:\n${log}`),
  });
  const aws: EmulatedAws = {
    endpoint: endpointAt(port),
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  return { aws, clients: emulatedClients(aws) };
}

export function emulatedClients(aws: EmulatedAws): AwsClients {
  // The SDK's notice about Node 20 is for those who deploy; here it would stand in the middle of a demo.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const config = { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials };
  return {
    s3: new S3Client({ ...config, forcePathStyle: true }),
    rds: new RDSClient(config),
    secretsManager: new SecretsManagerClient(config),
    kms: new KMSClient(config),
    sqs: new SQSClient(config),
    eventBridge: new EventBridgeClient(config),
    ssm: new SSMClient(config),
  };
}

export function destroyClients(clients: AwsClients): void {
  for (const client of Object.values(clients) as { destroy(): void }[]) client.destroy();
}

function endpointAt(port: number): string {
  return `http://localhost:${port}`;
}

async function answers(port: number): Promise<boolean> {
  return await fetch(`${endpointAt(port)}/moto-api/data.json`).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status === 200;
    },
    () => false,
  );
}
