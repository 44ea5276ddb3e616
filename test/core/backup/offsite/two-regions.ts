import {
  CopyDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
  type CopyDBSnapshotMessage,
  type DBSnapshot,
  type DescribeDBSnapshotsMessage,
} from '@aws-sdk/client-rds';
import { mockClient } from 'aws-sdk-client-mock';
import type { SourceSnapshot } from '../../../../core/backup/offsite/copy';
import { copyTags, sourceOf } from '../../../../core/backup/offsite/copy';
import { copySnapshots, type CopyReport } from '../../../../core/backup/offsite/copy-snapshots';
import type { CopyRules } from '../../../../core/backup/offsite/plan-copies';
import type { RdsSession } from '../../../../core/backup/snapshot/rds-calls';
import { DAY_MS, ownSnapshot, RESOURCE_ID, rdsFault, START, VirtualClock } from '../snapshot/fake-rds';

export { DAY_MS, RESOURCE_ID, rdsFault, START };
export const KEY = 'arn:aws:kms:eu-west-1:333333333333:key/replica';
export const RULES: CopyRules = { retentionDays: 30, keepNewest: 3 };

const ARN = 'arn:aws:rds:eu-central-1:333333333333:snapshot:';

/** A complete snapshot that our snapshot function made this many days before {@link START}. */
export function made(daysAgo: number, overrides: Partial<DBSnapshot> = {}): DBSnapshot {
  const identifier = overrides.DBSnapshotIdentifier ?? `prod-db-${daysAgo}-days-ago`;
  return ownSnapshot(daysAgo, {
    DBSnapshotIdentifier: identifier,
    DBSnapshotArn: `${ARN}${identifier}`,
    ...overrides,
  });
}

/** Its finished copy in the other Region, which came there a moment ago. */
export function copied(source: DBSnapshot, overrides: Partial<DBSnapshot> = {}): DBSnapshot {
  return {
    DBSnapshotIdentifier: `${source.DBSnapshotIdentifier}-copy`,
    SourceDBSnapshotIdentifier: source.DBSnapshotArn,
    SourceRegion: 'eu-central-1',
    SnapshotType: 'manual',
    Status: 'available',
    Encrypted: true,
    KmsKeyId: KEY,
    // RDS's time of the copy; the data is as old as the original.
    SnapshotCreateTime: START,
    OriginalSnapshotCreateTime: source.OriginalSnapshotCreateTime,
    TagList: copyTags(sourceOf(source, 'prod') as SourceSnapshot, 'prod'),
    ...overrides,
  };
}

/** One Region's RDS, with a memory. */
export class FakeRegion {
  readonly rds: RDSClient;
  readonly mock: ReturnType<typeof mockClient>;
  snapshots: DBSnapshot[] = [];
  /** Resource ids. */
  instances: string[] = [RESOURCE_ID];
  readonly deleteErrors = new Map<string, Error>();
  /** Of the listings. */
  unreadable: Error | undefined;
  pageSize = 100;

  constructor(region: string) {
    this.rds = new RDSClient({ region });
    this.mock = mockClient(this.rds);
    this.mock.on(DescribeDBSnapshotsCommand).callsFake((input: DescribeDBSnapshotsMessage) => {
      if (this.unreadable) throw this.unreadable;
      const { DBSnapshotIdentifier: identifier, Marker } = input;
      if (identifier !== undefined) {
        const found = this.snapshots.find((one) => one.DBSnapshotIdentifier === identifier);
        if (!found) throw rdsFault('DBSnapshotNotFound');
        return { DBSnapshots: [found] };
      }
      const from = Number(Marker ?? 0);
      const next = from + this.pageSize;
      return {
        DBSnapshots: this.snapshots.slice(from, next),
        ...(next < this.snapshots.length && { Marker: String(next) }),
      };
    });
    this.mock.on(DescribeDBInstancesCommand).callsFake(() => {
      if (this.unreadable) throw this.unreadable;
      return { DBInstances: this.instances.map((DbiResourceId) => ({ DbiResourceId })) };
    });
    this.mock.on(DeleteDBSnapshotCommand).callsFake(({ DBSnapshotIdentifier: identifier }) => {
      const error = this.deleteErrors.get(identifier as string);
      if (error) throw error;
      this.snapshots = this.snapshots.filter((one) => one.DBSnapshotIdentifier !== identifier);
      return {};
    });
    this.mock.on(DescribeAccountAttributesCommand).resolves({
      AccountQuotas: [{ AccountQuotaName: 'ManualSnapshots', Used: 12, Max: 100 }],
    });
  }

  get identifiers(): string[] {
    return this.snapshots.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier ?? '').sort();
  }

  get deleted(): string[] {
    return this.mock
      .commandCalls(DeleteDBSnapshotCommand)
      .map((call) => (call.args[0].input as { DBSnapshotIdentifier: string }).DBSnapshotIdentifier);
  }
}

/** Where snapshots are made, and where they are copied to. */
export class TwoRegions {
  readonly source = new FakeRegion('eu-central-1');
  readonly target = new FakeRegion('eu-west-1');
  readonly clock = new VirtualClock();
  /** Errors that the next CopyDBSnapshot calls answer with; undefined lets one through. */
  readonly copyErrors: (Error | undefined)[] = [];
  /** Runs when a copy is asked for, before it is made. */
  onCopy: () => void = () => undefined;

  constructor() {
    this.target.instances = [];
    this.target.mock.on(CopyDBSnapshotCommand).callsFake((input: CopyDBSnapshotMessage) => this.copy(input));
  }

  /** What was asked to be copied, in order. */
  get requests(): CopyDBSnapshotMessage[] {
    return this.target.mock.commandCalls(CopyDBSnapshotCommand).map((call) => call.args[0].input);
  }

  get requested(): string[] {
    return this.requests.map(({ TargetDBSnapshotIdentifier }) => TargetDBSnapshotIdentifier ?? '');
  }

  run(rules: CopyRules = RULES, minutes = 5): Promise<CopyReport> {
    const deadline = new Date(this.clock.now().getTime() + minutes * 60_000);
    const session = ({ rds }: FakeRegion): RdsSession => ({ rds, clock: this.clock, deadline });
    return copySnapshots(session(this.source), session(this.target), {
      environment: 'prod',
      kmsKeyArn: KEY,
      retention: rules,
    });
  }

  /** Twelve finished copies, of which the oldest have expired. */
  fillWithCopies(): void {
    this.source.snapshots = Array.from({ length: 12 }, (_, index) => made(index * 5 + 1));
    this.target.snapshots = this.source.snapshots.map((source) => copied(source));
  }

  private copy(input: CopyDBSnapshotMessage) {
    this.onCopy();
    const error = this.copyErrors.shift();
    if (error) throw error;
    const { TargetDBSnapshotIdentifier, SourceDBSnapshotIdentifier, KmsKeyId, Tags } = input;
    const source = this.source.snapshots.find((one) => one.DBSnapshotArn === SourceDBSnapshotIdentifier);
    if (!source) throw rdsFault('DBSnapshotNotFound');
    if (this.target.identifiers.includes(TargetDBSnapshotIdentifier ?? '')) {
      throw rdsFault('DBSnapshotAlreadyExists');
    }
    this.target.snapshots.push({
      DBSnapshotIdentifier: TargetDBSnapshotIdentifier,
      SourceDBSnapshotIdentifier,
      SourceRegion: 'eu-central-1',
      SnapshotType: 'manual',
      Status: 'creating',
      Encrypted: true,
      KmsKeyId,
      TagList: Tags,
    });
    return {};
  }
}
