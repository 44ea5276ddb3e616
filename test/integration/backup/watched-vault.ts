import { type S3Client } from '@aws-sdk/client-s3';
import { destroyClients, startEmulator } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { s3At } from './dump-support';
import { makeInstance, makeLockableBucket } from './emulated-resources';

const REGION = 'eu-west-1';

/** An emulator with one instance, and as many versioned, lockable vaults as a test file wants. */
export async function startWatchedVaults() {
  const supervisor = Supervisor.start();
  const emulator = await startEmulator(supervisor, REGION);
  const { rds } = emulator.clients;
  const { DbiResourceId } = await makeInstance(rds, 'shop');
  const clients: S3Client[] = [];
  const newClient = (): S3Client => {
    const client = s3At(emulator.aws.endpoint);
    clients.push(client);
    return client;
  };
  let count = 0;
  return {
    rds,
    dbiResourceId: DbiResourceId!,
    newClient,
    async makeVault(): Promise<{ s3: S3Client; bucket: string }> {
      const s3 = newClient();
      const bucket = `vault-${++count}`;
      await makeLockableBucket(s3, bucket, REGION);
      return { s3, bucket };
    },
    async stop(): Promise<void> {
      clients.forEach((client) => client.destroy());
      destroyClients(emulator.clients);
      await supervisor.stop();
    },
  };
}

export type WatchedVaults = Awaited<ReturnType<typeof startWatchedVaults>>;
