import {
  DeleteDBInstanceCommand,
  ModifyDBInstanceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  type DBInstance,
  type Tag,
} from '@aws-sdk/client-rds';
import { isFault, options, patiently, type RdsSession } from '../snapshot/rds-calls';

/**
 * Restores a snapshot into a new instance that stands where the live one stands: without these RDS takes the default
 * subnets, security group and parameters. It keeps no backups, which would also keep it busy when it has just come up.
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html
 */
export async function restoreInstance(
  session: RdsSession,
  request: {
    readonly identifier: string;
    readonly snapshotId: string;
    readonly live: DBInstance;
    readonly tags: Tag[];
  },
): Promise<void> {
  const { live } = request;
  await patiently(session, () =>
    session.rds.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: request.identifier,
        DBSnapshotIdentifier: request.snapshotId,
        DBInstanceClass: live.DBInstanceClass,
        DBSubnetGroupName: live.DBSubnetGroup?.DBSubnetGroupName,
        VpcSecurityGroupIds: (live.VpcSecurityGroups ?? []).flatMap(({ VpcSecurityGroupId: id }) => id ?? []),
        DBParameterGroupName: live.DBParameterGroups?.[0]?.DBParameterGroupName,
        OptionGroupName: live.OptionGroupMemberships?.[0]?.OptionGroupName,
        CACertificateIdentifier: live.CACertificateIdentifier,
        Port: live.Endpoint?.Port,
        MultiAZ: false,
        PubliclyAccessible: false,
        DeletionProtection: false,
        AutoMinorVersionUpgrade: false,
        BackupRetentionPeriod: 0,
        // What is made from this instance, if anybody does, is not ours to delete.
        CopyTagsToSnapshot: false,
        Tags: request.tags,
      }),
      options(session),
    ),
  );
}

/** @param password never in a log */
export async function setMasterPassword(
  session: RdsSession,
  identifier: string,
  password: string,
): Promise<void> {
  await patiently(session, () =>
    session.rds.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: identifier,
        MasterUserPassword: password,
        ApplyImmediately: true,
      }),
      options(session),
    ),
  );
}

/**
 * Deletes an instance and all that RDS keeps of it.
 *
 * @returns `busy` when its state does not allow it now
 */
export async function deleteInstance(
  session: RdsSession,
  identifier: string,
): Promise<'deleting' | 'gone' | 'busy'> {
  try {
    await patiently(session, () =>
      session.rds.send(
        new DeleteDBInstanceCommand({
          DBInstanceIdentifier: identifier,
          SkipFinalSnapshot: true,
          DeleteAutomatedBackups: true,
        }),
        options(session),
      ),
    );
    return 'deleting';
  } catch (error) {
    if (isFault(error, 'DBInstanceNotFound')) return 'gone';
    if (isFault(error, 'InvalidDBInstanceState')) return 'busy';
    throw error;
  }
}
