import {
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  ModifyDBParameterGroupCommand,
} from '@aws-sdk/client-rds';
import { z } from 'zod';
import { startPostgres } from '../../postgres';
import { TemplateError } from '../intrinsics';
import { strictly, withoutEffect } from '../properties';
import { physicalName, type Provider } from '../provider';

/** CloudFormation passes numbers as text and booleans either way. */
const Whole = z.coerce.number().int();

const InstanceProperties = z.object({
  DBInstanceIdentifier: z.string().optional(),
  DBInstanceClass: z.string(),
  DBName: z.string(),
  Engine: z.literal('postgres'),
  EngineVersion: z.string(),
  MasterUsername: z.string(),
  MasterUserPassword: z.string(),
  AllocatedStorage: Whole,
  BackupRetentionPeriod: Whole,
  DBParameterGroupName: z.string(),
  DeletionProtection: z.boolean(),
  EnableIAMDatabaseAuthentication: z.boolean(),
  KmsKeyId: z.string(),
  MultiAZ: z.boolean(),
  Port: Whole.optional(),
  StorageEncrypted: z.boolean(),
  StorageType: z.string(),
  Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).default([]),
  ...withoutEffect(
    'AutoMinorVersionUpgrade',
    'CACertificateIdentifier',
    'CopyTagsToSnapshot',
    'DBSubnetGroupName',
    'DatabaseInsightsMode',
    'DeleteAutomatedBackups',
    'EnableCloudwatchLogsExports',
    'EnablePerformanceInsights',
    'MaxAllocatedStorage',
    'PerformanceInsightsKMSKeyId',
    'PerformanceInsightsRetentionPeriod',
    'PreferredBackupWindow',
    'PreferredMaintenanceWindow',
    'PubliclyAccessible',
    'VPCSecurityGroups',
  ),
});

/**
 * The record at the emulator is what the RDS API shows; behind it is a real PostgreSQL with the template's
 * master user, password and database. TLS is forced, as the template's parameter group asks.
 */
export const databaseInstanceProvider: Provider = {
  treatment: 'executed',
  note: 'a real PostgreSQL; storage, backups by RDS and failover are not played',
  async make(request, { clients: { rds }, supervisor, databases, progress }) {
    const properties = strictly(InstanceProperties, request);
    const identifier = properties.DBInstanceIdentifier ?? physicalName(request).toLowerCase();
    progress('starting PostgreSQL');
    const server = await startPostgres({
      supervisor,
      master: { user: properties.MasterUsername, password: properties.MasterUserPassword },
      database: properties.DBName,
    });
    databases.set(identifier, server);
    const { DBInstance } = await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: identifier,
        DBInstanceClass: properties.DBInstanceClass,
        DBName: properties.DBName,
        Engine: properties.Engine,
        EngineVersion: properties.EngineVersion,
        MasterUsername: properties.MasterUsername,
        // The real one stays with PostgreSQL; the emulator's record needs just any.
        MasterUserPassword: 'kept-by-postgresql',
        AllocatedStorage: properties.AllocatedStorage,
        BackupRetentionPeriod: properties.BackupRetentionPeriod,
        DBParameterGroupName: properties.DBParameterGroupName,
        DeletionProtection: properties.DeletionProtection,
        EnableIAMDatabaseAuthentication: properties.EnableIAMDatabaseAuthentication,
        KmsKeyId: properties.KmsKeyId,
        MultiAZ: properties.MultiAZ,
        Port: server.master.port,
        StorageEncrypted: properties.StorageEncrypted,
        StorageType: properties.StorageType,
        Tags: properties.Tags,
      }),
    );
    if (!DBInstance?.DbiResourceId || !DBInstance.DBInstanceArn) {
      throw new TemplateError('the emulator made a database record without an id');
    }
    return {
      ref: identifier,
      attributes: {
        'Endpoint.Address': server.master.host,
        'Endpoint.Port': String(server.master.port),
        DbiResourceId: DBInstance.DbiResourceId,
        DBInstanceArn: DBInstance.DBInstanceArn,
      },
      note: `PostgreSQL ${server.version} of this machine stands in for ${properties.EngineVersion} on ${properties.DBInstanceClass}`,
    };
  },
};

const ParameterGroupProperties = z.strictObject({
  DBParameterGroupName: z.string().optional(),
  Family: z.string(),
  Description: z.string(),
  Parameters: z.record(z.string(), z.coerce.string()).default({}),
  Tags: z.unknown().optional(),
});

/** The server behind the record takes no connection without TLS, so a group that allows one would be played wrongly. */
export const parameterGroupProvider: Provider = {
  treatment: 'executed',
  note: 'a record of the emulator with its parameters; rds.force_ssl is in force, the others are not',
  async make(request, { clients: { rds } }) {
    const { Family, Description, Parameters, ...properties } = ParameterGroupProperties.parse(
      request.properties,
    );
    if (Parameters['rds.force_ssl'] !== '1') {
      throw new TemplateError(
        `the local PostgreSQL always forces TLS and ${request.path} does not: set rds.force_ssl to 1`,
      );
    }
    const name = properties.DBParameterGroupName ?? physicalName(request).toLowerCase();
    const group = { DBParameterGroupName: name };
    await rds.send(
      new CreateDBParameterGroupCommand({ ...group, DBParameterGroupFamily: Family, Description }),
    );
    await rds.send(
      new ModifyDBParameterGroupCommand({
        ...group,
        Parameters: Object.entries(Parameters).map(([ParameterName, ParameterValue]) => ({
          ParameterName,
          ParameterValue,
          ApplyMethod: 'pending-reboot',
        })),
      }),
    );
    return { ref: name, attributes: group };
  },
};
