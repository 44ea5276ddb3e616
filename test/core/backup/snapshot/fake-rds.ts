import {
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
  type CreateDBSnapshotMessage,
  type DBSnapshot,
  type DescribeDBSnapshotsMessage,
} from '@aws-sdk/client-rds';
import { mockClient } from 'aws-sdk-client-mock';
import type { Clock } from '../../../../core/backup/snapshot/clock';
import { ownerTags } from '../../../../core/backup/snapshot/ownership';
import type { RdsSession } from '../../../../core/backup/snapshot/rds-calls';
import type { SnapshotRequest } from '../../../../core/backup/snapshot/take-snapshot';

export const RESOURCE_ID = 'db-ABCDEFGHIJKL';
export const OWNER = { environment: 'prod', instanceResourceId: RESOURCE_ID };
export const START = new Date('2026-05-01T03:00:05Z');
export const DAY_MS = 86_400_000;

export const REQUEST: SnapshotRequest = {
  environment: 'prod',
  instanceIdentifier: 'prod-db',
  instanceResourceId: RESOURCE_ID,
  scheduledFor: new Date('2026-05-01T03:00:00Z'),
  retention: { retentionDays: 30, keepNewest: 3 },
};
export const SNAPSHOT_ID = 'prod-db-20260501t030000z';

/** An error as the SDK throws it. RDS uses the short name on the wire, the SDK's classes the one with `Fault`. */
export function rdsFault(name: string): Error {
  return Object.assign(new Error(`${name}: as RDS says`), { name });
}

/** A snapshot that our job made this many days before {@link START}. */
export function ownSnapshot(daysAgo: number, overrides: Partial<DBSnapshot> = {}): DBSnapshot {
  const takenAt = new Date(START.getTime() - daysAgo * DAY_MS);
  return {
    DBSnapshotIdentifier: `prod-db-${daysAgo}-days-ago`,
    DBInstanceIdentifier: 'prod-db',
    DbiResourceId: RESOURCE_ID,
    SnapshotType: 'manual',
    Status: 'available',
    OriginalSnapshotCreateTime: takenAt,
    SnapshotCreateTime: takenAt,
    TagList: ownerTags(OWNER, takenAt),
    ...overrides,
  };
}

/** Minutes pass in no time: sleeping only moves the clock. */
export class VirtualClock implements Clock {
  private instant = START.getTime();
  /** Runs after each sleep, so that a test can let something happen in the meantime. */
  onSleep: () => void = () => undefined;

  now(): Date {
    return new Date(this.instant);
  }

  sleep(milliseconds: number): Promise<void> {
    this.instant += milliseconds;
    this.onSleep();
    return Promise.resolve();
  }
}

/** The few parts of RDS that a snapshot job talks to, with a memory. */
export class FakeRds {
  readonly mock = mockClient(RDSClient);
  readonly clock = new VirtualClock();
  snapshots: DBSnapshot[] = [];
  /** One state for each look at the instance; the last one stays. */
  instanceStates = ['available'];
  instance: { DbiResourceId: string } | undefined = { DbiResourceId: RESOURCE_ID };
  /** One status for each look at a snapshot that was just made; the last one stays. */
  newSnapshotStates = ['available'];
  /** Errors that the next CreateDBSnapshot calls answer with. */
  readonly createErrors: Error[] = [];
  readonly deleteErrors = new Map<string, Error>();
  quota: { Used: number; Max: number } | Error = { Used: 12, Max: 100 };
  pageSize = 100;

  constructor() {
    this.mock.on(DescribeDBInstancesCommand).callsFake(() => {
      if (!this.instance) throw rdsFault('DBInstanceNotFound');
      return { DBInstances: [{ ...this.instance, DBInstanceStatus: advance(this.instanceStates) }] };
    });
    this.mock
      .on(DescribeDBSnapshotsCommand)
      .callsFake((input: DescribeDBSnapshotsMessage) => this.describe(input));
    this.mock.on(CreateDBSnapshotCommand).callsFake((input: CreateDBSnapshotMessage) => this.create(input));
    this.mock.on(DeleteDBSnapshotCommand).callsFake((input: { DBSnapshotIdentifier: string }) => {
      const error = this.deleteErrors.get(input.DBSnapshotIdentifier);
      if (error) throw error;
      this.snapshots = this.snapshots.filter(
        (one) => one.DBSnapshotIdentifier !== input.DBSnapshotIdentifier,
      );
      return {};
    });
    this.mock.on(DescribeAccountAttributesCommand).callsFake(() => {
      if (this.quota instanceof Error) throw this.quota;
      return { AccountQuotas: [{ AccountQuotaName: 'ManualSnapshots', ...this.quota }] };
    });
  }

  /** @param minutes until the process ends */
  session(minutes = 15): RdsSession {
    const deadline = new Date(this.clock.now().getTime() + minutes * 60_000);
    return { rds: new RDSClient({}), clock: this.clock, deadline };
  }

  get created(): CreateDBSnapshotMessage[] {
    return this.mock.commandCalls(CreateDBSnapshotCommand).map((call) => call.args[0].input);
  }

  get deleted(): (string | undefined)[] {
    return this.mock
      .commandCalls(DeleteDBSnapshotCommand)
      .map((call) => call.args[0].input.DBSnapshotIdentifier);
  }

  private describe({ DBSnapshotIdentifier: identifier, Filters, Marker }: DescribeDBSnapshotsMessage) {
    if (identifier !== undefined) {
      const found = this.snapshots.find((one) => one.DBSnapshotIdentifier === identifier);
      if (!found) throw rdsFault('DBSnapshotNotFound');
      const fresh = found.Status === 'new';
      return { DBSnapshots: [fresh ? { ...found, Status: advance(this.newSnapshotStates) } : found] };
    }
    const wanted = Filters?.[0]?.Values ?? [];
    const all = this.snapshots.filter((one) => wanted.includes(one.DbiResourceId ?? ''));
    const from = Number(Marker ?? 0);
    const next = from + this.pageSize;
    return {
      DBSnapshots: all.slice(from, next),
      ...(next < all.length && { Marker: String(next) }),
    };
  }

  private create({ DBSnapshotIdentifier, DBInstanceIdentifier, Tags }: CreateDBSnapshotMessage) {
    const error = this.createErrors.shift();
    if (error) throw error;
    if (this.snapshots.some((one) => one.DBSnapshotIdentifier === DBSnapshotIdentifier)) {
      throw rdsFault('DBSnapshotAlreadyExists');
    }
    this.snapshots.push({
      DBSnapshotIdentifier,
      DBInstanceIdentifier,
      DbiResourceId: this.instance?.DbiResourceId,
      SnapshotType: 'manual',
      Status: 'new',
      TagList: Tags,
    });
    return {};
  }
}

function advance(states: string[]): string | undefined {
  return states.length > 1 ? states.shift() : states[0];
}
