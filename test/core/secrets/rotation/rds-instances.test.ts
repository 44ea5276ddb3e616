import { DescribeDBClustersCommand, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { mockClient } from 'aws-sdk-client-mock';
import { rdsInstances } from '../../../../core/secrets/rotation';

const domain = 'c1a2b3.eu-west-1.rds.amazonaws.com';
const rds = mockClient(RDSClient);
const instances = rdsInstances(new RDSClient({ region: 'eu-west-1' }));

const named = (name: string) => Object.assign(new Error(name), { name });

beforeEach(() => {
  rds.reset();
  rds.on(DescribeDBInstancesCommand).rejects(named('DBInstanceNotFoundFault'));
  rds.on(DescribeDBClustersCommand).rejects(named('DBClusterNotFoundFault'));
});

function instance(name: string, source?: string): void {
  rds.on(DescribeDBInstancesCommand, { DBInstanceIdentifier: name }).resolves({
    DBInstances: [
      {
        DBInstanceIdentifier: name,
        Engine: 'postgres',
        Endpoint: { Address: `${name}.${domain}`, Port: 5433 },
        ...(source !== undefined && { ReadReplicaSourceDBInstanceIdentifier: source }),
      },
    ],
  });
}

test('nothing is a replica of what RDS does not know', async () => {
  await expect(instances.isReplica(`a.${domain}`, `b.${domain}`)).resolves.toBe(false);
});

test('an instance is a replica of its source, by their whole addresses', async () => {
  instance('shop');
  instance('other');
  instance('shop-replica', 'shop');
  const isReplica = (host: string, of: string) => instances.isReplica(host, of);
  await expect(isReplica(`shop-replica.${domain}`, `SHOP.${domain}`)).resolves.toBe(true);
  await expect(isReplica(`shop-replica.${domain}`, `other.${domain}`)).resolves.toBe(false);
  await expect(isReplica(`shop.${domain}`, `shop-replica.${domain}`)).resolves.toBe(false);
  await expect(isReplica('shop-replica.evil.example', `shop.${domain}`)).resolves.toBe(false);
  await expect(isReplica(`shop-replica.${domain}`, 'shop.evil.example')).resolves.toBe(false);
});

test('a cluster’s reader is a replica of its writer', async () => {
  const writer = `shop.cluster-${domain}`;
  const reader = `shop.cluster-ro-${domain}`;
  rds
    .on(DescribeDBClustersCommand, { DBClusterIdentifier: 'shop' })
    .resolves({ DBClusters: [{ Endpoint: writer, ReaderEndpoint: reader }] });
  await expect(instances.isReplica(reader, writer)).resolves.toBe(true);
  await expect(instances.isReplica(writer, reader)).resolves.toBe(false);
});

test('an ARN leads to an instance, a cluster, or nothing', async () => {
  instance('arn:aws:rds:eu-west-1:1:db:shop');
  const arn = 'arn:aws:rds:eu-west-1:1:cluster:shop';
  rds
    .on(DescribeDBClustersCommand, { DBClusterIdentifier: arn })
    .resolves({ DBClusters: [{ Endpoint: 'cluster.example', Port: 5432, Engine: 'aurora-postgresql' }] });
  await expect(instances.describeByArn('arn:aws:rds:eu-west-1:1:db:shop')).resolves.toMatchObject({
    port: 5433,
    engine: 'postgres',
  });
  await expect(instances.describeByArn(arn)).resolves.toEqual({
    host: 'cluster.example',
    port: 5432,
    engine: 'aurora-postgresql',
  });
  await expect(instances.describeByArn('arn:aws:rds:eu-west-1:1:db:gone')).resolves.toBeUndefined();
});

test('what RDS refuses is said, and is not taken for an absence', async () => {
  rds.on(DescribeDBInstancesCommand).rejects(named('AccessDenied'));
  await expect(instances.isReplica('a', 'b')).rejects.toThrow('AccessDenied');
});
