import {
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  type DBInstance,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { isSameHost } from './database-secret';
import type { DatabaseInstances } from './master';

/** RDS as it is. Needs rds:DescribeDBInstances and rds:DescribeDBClusters. */
export function rdsInstances(rds: RDSClient): DatabaseInstances {
  const instance = async (identifier: string): Promise<DBInstance | undefined> => {
    const found = await rds
      .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }))
      .catch(absent('DBInstanceNotFoundFault'));
    return found?.DBInstances?.[0];
  };
  const cluster = async (identifier: string) => {
    const found = await rds
      .send(new DescribeDBClustersCommand({ DBClusterIdentifier: identifier }))
      .catch(absent('DBClusterNotFoundFault'));
    return found?.DBClusters?.[0];
  };
  return {
    describeByArn: async (arn) => {
      // arn:aws:rds:eu-central-1:123456789012:db:shop
      if (arn.split(':')[5] === 'cluster') {
        const { Endpoint: host, Port: port, Engine: engine } = (await cluster(arn)) ?? {};
        return host && port && engine ? { host, port, engine } : undefined;
      }
      const { Endpoint: { Address: host, Port: port } = {}, Engine: engine } = (await instance(arn)) ?? {};
      return host && port && engine ? { host, port, engine } : undefined;
    },
    isReplica: async (host, ofHost) => {
      const own = await instance(identifierOf(host));
      const source = own?.ReadReplicaSourceDBInstanceIdentifier;
      // A name in another zone may begin alike: what counts is the whole address.
      if (source && isSameHost(own.Endpoint?.Address ?? '', host)) {
        const primary = await instance(source);
        if (isSameHost(primary?.Endpoint?.Address ?? '', ofHost)) return true;
      }
      const { Endpoint: writer, ReaderEndpoint: reader } = (await cluster(identifierOf(ofHost))) ?? {};
      return isSameHost(writer ?? '', ofHost) && isSameHost(reader ?? '', host);
    },
  };
}

/** `shop` of `shop.c1a2b3.eu-central-1.rds.amazonaws.com` */
function identifierOf(host: string): string {
  return host.split('.')[0] ?? '';
}

function absent(name: string) {
  return (error: unknown): undefined => {
    if (error instanceof Error && error.name === name) return undefined;
    throw error;
  };
}
