import {
  DeleteDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  type DBInstance,
  type DBSnapshot,
  type DescribeDBSnapshotsMessage,
  type RestoreDBInstanceFromDBSnapshotMessage,
} from '@aws-sdk/client-rds';
import { mockClient } from 'aws-sdk-client-mock';
import { rdsFault, VirtualClock } from '../snapshot/fake-rds';

export const LIVE: DBInstance = {
  DBInstanceIdentifier: 'golive-prod',
  DbiResourceId: 'db-LIVE',
  DBInstanceStatus: 'available',
  DBInstanceClass: 'db.r7g.large',
  DBSubnetGroup: { DBSubnetGroupName: 'isolated' },
  VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-1' }],
  DBParameterGroups: [{ DBParameterGroupName: 'tls-only' }],
  OptionGroupMemberships: [{ OptionGroupName: 'default:postgres-17' }],
  CACertificateIdentifier: 'rds-ca-rsa2048-g1',
  Endpoint: { Address: 'live.test', Port: 5432 },
  DeletionProtection: true,
  BackupRetentionPeriod: 35,
  TagList: [{ Key: 'golive:environment', Value: 'prod' }],
};

export const OWNER = { environment: 'prod', instanceIdentifier: 'golive-prod', dbiResourceId: 'db-LIVE' };

interface Restored {
  readonly instance: DBInstance;
  /** One for each look; the last one stays. */
  readonly states: string[];
}

/** The few parts of RDS that a drill talks to, with a memory. */
export class FakeDrillRds {
  readonly mock = mockClient(RDSClient);
  readonly client = new RDSClient({});
  readonly clock = new VirtualClock();
  readonly instances = new Map<string, Restored>([
    ['golive-prod', { instance: LIVE, states: ['available'] }],
  ]);
  snapshots: DBSnapshot[] = [
    snapshot('golive-prod-older', '2026-04-29T03:00:00Z'),
    snapshot('golive-prod-newest', '2026-05-01T02:00:00Z'),
    { ...snapshot('golive-prod-half', '2026-05-01T03:00:00Z'), Status: 'creating' },
  ];
  /** What a restored instance goes through. */
  statesOfRestored = ['creating', 'backing-up', 'available'];
  statesOfDeleted = ['deleting'];
  restoreError: Error | undefined;
  /** How often deletion is refused because of the state. */
  busy = 0;
  /** Where restored instances answer; nobody does on this port. */
  address = { Address: 'localhost', Port: 1 };
  onPassword: (password: string) => Promise<void> = () => Promise.resolve();
  /** After so many calls were carried out, the process that made them is no more. */
  killAfter = Infinity;
  calls = 0;
  private killed: () => void = () => undefined;
  readonly isKilled = new Promise<void>((resolve) => (this.killed = resolve));

  constructor() {
    this.mock
      .on(DescribeDBInstancesCommand)
      .callsFake((input: { DBInstanceIdentifier?: string }) =>
        this.carryOut(() => this.describe(input.DBInstanceIdentifier)),
      );
    this.mock
      .on(DescribeDBSnapshotsCommand)
      .callsFake(({ SnapshotType }: DescribeDBSnapshotsMessage) =>
        this.carryOut(() => ({ DBSnapshots: SnapshotType === 'manual' ? this.snapshots : [] })),
      );
    this.mock
      .on(DescribeDBInstanceAutomatedBackupsCommand)
      .callsFake(() => this.carryOut(() => ({ DBInstanceAutomatedBackups: [] })));
    this.mock
      .on(RestoreDBInstanceFromDBSnapshotCommand)
      .callsFake((input: RestoreDBInstanceFromDBSnapshotMessage) => this.carryOut(() => this.restore(input)));
    this.mock
      .on(ModifyDBInstanceCommand)
      .callsFake((input: { MasterUserPassword: string }) =>
        this.carryOut(() => this.onPassword(input.MasterUserPassword)),
      );
    this.mock
      .on(DeleteDBInstanceCommand)
      .callsFake((input: { DBInstanceIdentifier: string }) =>
        this.carryOut(() => this.delete(input.DBInstanceIdentifier)),
      );
  }

  get restored(): RestoreDBInstanceFromDBSnapshotMessage[] {
    return this.mock.commandCalls(RestoreDBInstanceFromDBSnapshotCommand).map((call) => call.args[0].input);
  }

  get deleted() {
    return this.mock.commandCalls(DeleteDBInstanceCommand).map((call) => call.args[0].input);
  }

  /** Such as another's, or one that a person made. */
  add(instance: DBInstance): void {
    this.instances.set(instance.DBInstanceIdentifier!, {
      instance: { DBInstanceStatus: 'available', ...instance },
      states: ['available'],
    });
  }

  private async carryOut<T>(call: () => T): Promise<Awaited<T>> {
    if (this.calls >= this.killAfter) return await new Promise<never>(() => undefined);
    this.calls++;
    const answer = await call();
    if (this.calls < this.killAfter) return answer;
    this.killed();
    return await new Promise<never>(() => undefined);
  }

  private describe(identifier: string | undefined) {
    const shown = ({ instance, states }: Restored): DBInstance => ({
      ...instance,
      DBInstanceStatus: states.length > 1 ? states.shift() : states[0],
    });
    if (identifier === undefined) {
      return {
        DBInstances: [...this.instances.values()].map(({ instance, states }) => ({
          ...instance,
          DBInstanceStatus: states[0],
        })),
      };
    }
    const found = this.instances.get(identifier);
    if (!found) throw rdsFault('DBInstanceNotFound');
    const answer = { DBInstances: [shown(found)] };
    if (found.states[0] === 'gone') this.instances.delete(identifier);
    return answer;
  }

  private restore(input: RestoreDBInstanceFromDBSnapshotMessage) {
    if (this.restoreError) throw this.restoreError;
    const identifier = input.DBInstanceIdentifier!;
    this.instances.set(identifier, {
      instance: {
        DBInstanceIdentifier: identifier,
        DbiResourceId: `db-OF-${identifier}`,
        DBInstanceClass: input.DBInstanceClass,
        DeletionProtection: input.DeletionProtection,
        TagList: input.Tags,
        Endpoint: this.address,
      },
      states: [...this.statesOfRestored],
    });
    return {};
  }

  private delete(identifier: string) {
    const found = this.instances.get(identifier);
    if (!found) throw rdsFault('DBInstanceNotFound');
    if (found.instance.DeletionProtection || this.busy-- > 0) throw rdsFault('InvalidDBInstanceState');
    found.states.splice(0, Infinity, ...this.statesOfDeleted, 'gone');
    return {};
  }
}

function snapshot(id: string, takenAt: string): DBSnapshot {
  return {
    DBSnapshotIdentifier: id,
    DBInstanceIdentifier: 'golive-prod',
    DbiResourceId: 'db-LIVE',
    SnapshotType: 'manual',
    Status: 'available',
    SnapshotCreateTime: new Date(takenAt),
  };
}
