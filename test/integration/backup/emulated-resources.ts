import { CreateDBInstanceCommand, type DBInstance, type RDSClient } from '@aws-sdk/client-rds';
import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';

/** The least instance of PostgreSQL that the emulator takes. */
export async function makeInstance(rds: RDSClient, name: string): Promise<DBInstance> {
  const { DBInstance } = await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: name,
      DBInstanceClass: 'db.t4g.micro',
      Engine: 'postgres',
      AllocatedStorage: 20,
    }),
  );
  return DBInstance!;
}

/** A bucket as the vault is: versioned, and lockable. */
export async function makeLockableBucket(s3: S3Client, bucket: string, region: 'eu-central-1' | 'eu-west-1') {
  await s3.send(
    new CreateBucketCommand({
      Bucket: bucket,
      CreateBucketConfiguration: { LocationConstraint: region },
      ObjectLockEnabledForBucket: true,
    }),
  );
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
}
