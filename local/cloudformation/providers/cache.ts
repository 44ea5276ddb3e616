import { z } from 'zod';
import { startLocalRedis } from '../../redis';
import { TemplateError } from '../intrinsics';
import { strictly, withoutEffect } from '../properties';
import { physicalName, type Provider } from '../provider';

const UserProperties = z.object({
  UserId: z.string().min(1),
  UserName: z.string().min(1),
  Engine: z.string(),
  AccessString: z.string(),
  AuthenticationMode: z.strictObject({ Type: z.literal('password'), Passwords: z.array(z.string()) }),
  ...withoutEffect('Tags'),
});

export const cacheUserProvider: Provider = {
  treatment: 'executed',
  note: 'logs into the real cache server with its passwords and has its rights there; a stand-in of ours plays ElastiCache, which changes them after a while',
  make(request, { cacheUsers }) {
    const { UserId, UserName, Engine, AccessString, AuthenticationMode } = strictly(UserProperties, request);
    cacheUsers.create(
      { userId: UserId, userName: UserName, engine: Engine, accessString: AccessString },
      AuthenticationMode.Passwords,
    );
    return Promise.resolve({ ref: UserId, attributes: { Status: 'active' } });
  },
};

const UserGroupProperties = z.object({
  UserGroupId: z.string().min(1),
  UserIds: z.array(z.string()).default([]),
  ...withoutEffect('Engine', 'Tags'),
});

export const cacheUserGroupProvider: Provider = {
  treatment: 'executed',
  note: 'its users alone are on the cache servers that name it',
  make(request, { cacheUsers }) {
    const { UserGroupId, UserIds } = strictly(UserGroupProperties, request);
    cacheUsers.createGroup(UserGroupId, UserIds);
    return Promise.resolve({ ref: UserGroupId, attributes: { Status: 'active' } });
  },
};

const ReplicationGroupProperties = z.object({
  ReplicationGroupId: z.string().optional(),
  CacheNodeType: z.string(),
  Engine: z.enum(['valkey', 'redis']),
  EngineVersion: z.string(),
  NumCacheClusters: z.coerce.number().int().default(1),
  TransitEncryptionEnabled: z.boolean().default(false),
  TransitEncryptionMode: z.string().optional(),
  UserGroupIds: z.array(z.string()).default([]),
  ...withoutEffect(
    'AtRestEncryptionEnabled',
    'AutoMinorVersionUpgrade',
    'AutomaticFailoverEnabled',
    'CacheSubnetGroupName',
    'KmsKeyId',
    'LogDeliveryConfigurations',
    'MultiAZEnabled',
    'Port',
    'ReplicationGroupDescription',
    'SecurityGroupIds',
    'SnapshotRetentionLimit',
    'SnapshotWindow',
    'PreferredMaintenanceWindow',
    'Tags',
  ),
});

/** TLS is forced and the default user is off, so a group that allows more would be played wrongly. */
export const replicationGroupProvider: Provider = {
  treatment: 'executed',
  note: 'a real cache server: TLS, users and rights are real; replicas, failover and snapshots are not played',
  async make(request, { supervisor, cacheUsers, caches, progress }) {
    const properties = strictly(ReplicationGroupProperties, request);
    if (
      !properties.TransitEncryptionEnabled ||
      (properties.TransitEncryptionMode ?? 'required') !== 'required'
    ) {
      throw new TemplateError(
        `the local cache always forces TLS and ${request.path} does not: set TransitEncryptionMode to required`,
      );
    }
    const id = properties.ReplicationGroupId ?? physicalName(request).toLowerCase();
    progress('starting the cache server');
    const server = await startLocalRedis(supervisor, { name: `cache ${id}` });
    await cacheUsers.serve(properties.UserGroupIds, server);
    caches.set(id, server);
    return {
      ref: id,
      attributes: {
        'PrimaryEndPoint.Address': server.host,
        'PrimaryEndPoint.Port': String(server.port),
        'ReaderEndPoint.Address': server.host,
        'ReaderEndPoint.Port': String(server.port),
      },
      note: `${server.version} of this machine stands in for ${properties.Engine} ${properties.EngineVersion} on ${properties.CacheNodeType}; replicas, failover and snapshots are not played`,
    };
  },
};
