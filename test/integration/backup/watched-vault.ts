import { CreateDBInstanceCommand } from '@aws-sdk/client-rds';
import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import { destroyClients, startEmulator } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { s3At } from './dump-support';

const REGION = 'eu-west-1';

/** An emulator with one instance, and as many versioned, lockable vaults as a test file wants. */
export async function startWatchedVaults() {
  const supervisor = Supervisor.start();
  const emulator = await startEmulator(supervisor, REGION);
  const { rds } = emulator.clients;
  const { DBInstance } = await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: 'shop',
      DBInstanceClass: 'db.t4g.micro',
      Engine: 'postgres',
      AllocatedStorage: 20,
    }),
  );
  const clients: S3Client[] = [];
  const newClient = (): S3Client => {
    const client = s3At(emulator.aws.endpoint);
    clients.push(client);
    return client;
  };
  let count = 0;
  return {
    rds,
    dbiResourceId: DBInstance!.DbiResourceId!,
    newClient,
    async makeVault(): Promise<{ s3: S3Client; bucket: string }> {
      const s3 = newClient();
      const bucket = `vault-${++count}`;
      await s3.send(
        new CreateBucketCommand({
          Bucket: bucket,
          CreateBucketConfiguration: { LocationConstraint: REGION },
          ObjectLockEnabledForBucket: true,
        }),
      );
      await s3.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
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
