import {
  AddTagsToResourceCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RebootDBInstanceCommand,
  RemoveTagsFromResourceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
  type DBInstance,
  type DBSnapshot,
  type ModifyDBInstanceMessage,
  type RestoreDBInstanceToPointInTimeMessage,
  type Tag,
} from '@aws-sdk/client-rds';
import { mockClient } from 'aws-sdk-client-mock';
import type { Clock } from '../../../../../core/backup/snapshot/clock';
import { DEFAULTS, LIVE, liveInstance, RESOURCE_ID, shownAs, SNAPSHOT } from './live-instance';

export const START = new Date('2026-11-23T03:00:05Z');
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HALF_A_MINUTE = 30 * SECOND;

/** As the SDK throws it. RDS uses the short name on the wire, the SDK's classes the one with `Fault`. */
export function rdsFault(name: string, message = 'as RDS says'): Error {
  return Object.assign(new Error(message), { name, $fault: 'client' });
}

/** Hours pass in no time: sleeping only moves the clock. */
export class VirtualClock implements Clock {
  private instant = START.getTime();
  now(): Date {
    return new Date(this.instant);
  }
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    this.instant += milliseconds;
    return Promise.resolve();
  }
}

/** What nobody survives: the process is gone, whatever it was about to do. */
export class Killed extends Error {}

const ARN = 'arn:aws:rds:eu-central-1:123456789012:db:';

interface Machine {
  instance: DBInstance;
  password: string;
  /** What the data is of. */
  data: string;
  /** What happens to it by itself, in order. */
  coming: { readonly at: number; readonly happen: () => void }[];
}

/**
 * The instances and snapshots of RDS with their documented states: what is busy takes no other change, a change
 * shows some seconds late, a renaming reboots and frees the old name when it is done.
 */
export class FakeRds {
  readonly mock = mockClient(RDSClient);
  readonly clock = new VirtualClock();
  readonly machines = new Map<string, Machine>();
  readonly snapshots = new Map<string, DBSnapshot & { data: string; password: string }>();
  /** Of the instances by resource id; gone ones too. */
  readonly windows = new Map<string, { earliest: Date; latest: Date; name: string }>();
  /** Every call, such as `ModifyDBInstance golive-prod`. */
  readonly calls: string[] = [];
  /** Answers in RDS's place, by throwing. */
  refuse: (action: string, input: Record<string, unknown>) => Error | undefined = () => undefined;
  /** Given to every instance that is restored, after its creation. */
  restoredEndsAs = 'available';
  /** Settings that RDS drops from a restore or a modification without a word. */
  readonly ignored = new Set<string>();
  pageSize = 100;
  private killIn = Infinity;
  private isDead = false;
  private nextId = 1;

  constructor() {
    this.add(LIVE, { ...liveInstance(), DbiResourceId: RESOURCE_ID }, 'present', 'of-today');
    this.snapshots.set(
      SNAPSHOT,
      this.snapshotOf(SNAPSHOT, LIVE, 'available', 'of-the-night', 'of-yesterday'),
    );
    this.windows.set(RESOURCE_ID, {
      earliest: new Date('2026-10-20T00:00:00Z'),
      latest: new Date('2026-11-23T02:55:00Z'),
      name: LIVE,
    });
    this.answer(DescribeDBInstancesCommand, 'DescribeDBInstances', ({ Marker }) => this.page(Marker));
    this.answer(DescribeDBSnapshotsCommand, 'DescribeDBSnapshots', (input) => {
      const { DBSnapshotIdentifier: id, SnapshotType: type } = input;
      const found = [...this.snapshots.values()].filter(
        (one) =>
          (id === undefined || one.DBSnapshotIdentifier === id) &&
          (type === undefined || one.SnapshotType === type),
      );
      if (id !== undefined && found.length === 0) throw rdsFault('DBSnapshotNotFound');
      return { DBSnapshots: structuredClone(found) };
    });
    this.answer(
      DescribeDBInstanceAutomatedBackupsCommand,
      'DescribeDBInstanceAutomatedBackups',
      ({ Filters }) => {
        const wanted = (Filters as { Values: string[] }[] | undefined)?.[0]?.Values;
        return {
          DBInstanceAutomatedBackups: [...this.windows]
            .filter(([id]) => wanted?.includes(id))
            .map(([id, { earliest, latest, name }]) => ({
              DbiResourceId: id,
              DBInstanceIdentifier: name,
              Status: 'active',
              RestoreWindow: { EarliestTime: earliest, LatestTime: latest },
            })),
        };
      },
    );
    this.answer(CreateDBSnapshotCommand, 'CreateDBSnapshot', (input) => this.createSnapshot(input as never));
    this.answer(RestoreDBInstanceFromDBSnapshotCommand, 'RestoreDBInstanceFromDBSnapshot', (input) => {
      const snapshot = this.snapshots.get(input['DBSnapshotIdentifier'] as string);
      if (!snapshot) throw rdsFault('DBSnapshotNotFound');
      if (snapshot.Status !== 'available') throw rdsFault('InvalidDBSnapshotState');
      return this.restore(input as never, input['DBInstanceIdentifier'] as string, snapshot);
    });
    this.answer(RestoreDBInstanceToPointInTimeCommand, 'RestoreDBInstanceToPointInTime', (input) => {
      const {
        SourceDBInstanceIdentifier: name,
        SourceDbiResourceId,
        RestoreTime,
        UseLatestRestorableTime,
      } = input as unknown as RestoreDBInstanceToPointInTimeMessage;
      const id = SourceDbiResourceId ?? this.machine(name ?? '').instance.DbiResourceId ?? '';
      const window = this.windows.get(id);
      if (!window) throw rdsFault('PointInTimeRestoreNotEnabled');
      if (UseLatestRestorableTime === (RestoreTime !== undefined))
        throw rdsFault('InvalidParameterCombination');
      if (RestoreTime && RestoreTime >= window.latest) throw rdsFault('InvalidRestoreFault');
      return this.restore(input as never, input['TargetDBInstanceIdentifier'] as string, {
        ...this.snapshotOf(
          '',
          LIVE,
          'available',
          `at ${(RestoreTime ?? window.latest).toISOString()}`,
          'of-today',
        ),
      });
    });
    this.answer(ModifyDBInstanceCommand, 'ModifyDBInstance', (input) =>
      this.modify(input as unknown as ModifyDBInstanceMessage),
    );
    this.answer(RebootDBInstanceCommand, 'RebootDBInstance', ({ DBInstanceIdentifier }) => {
      const machine = this.idle(DBInstanceIdentifier as string);
      machine.instance.DBInstanceStatus = 'rebooting';
      this.later(machine, MINUTE, () => {
        machine.instance.DBParameterGroups![0]!.ParameterApplyStatus = 'in-sync';
        machine.instance.DBInstanceStatus = 'available';
      });
      return {};
    });
    this.answer(AddTagsToResourceCommand, 'AddTagsToResource', ({ ResourceName, Tags }) => {
      const { instance } = this.machine((ResourceName as string).slice(ARN.length));
      const added = Tags as Tag[];
      instance.TagList = [
        ...(instance.TagList ?? []).filter(({ Key }) => !added.some((tag) => tag.Key === Key)),
        ...added,
      ];
      return {};
    });
    this.answer(RemoveTagsFromResourceCommand, 'RemoveTagsFromResource', ({ ResourceName, TagKeys }) => {
      const { instance } = this.machine((ResourceName as string).slice(ARN.length));
      instance.TagList = (instance.TagList ?? []).filter(({ Key }) => !(TagKeys as string[]).includes(Key!));
      return {};
    });
    this.answer(DeleteDBInstanceCommand, 'DeleteDBInstance', (input) => this.delete(input));
  }

  /** The process dies as soon as RDS has carried out so many more calls. */
  killAfter(calls: number): void {
    this.killIn = calls;
  }

  /** Another process, which knows nothing of the one before; two minutes later, when the lease has ended. */
  revive(): void {
    this.killIn = Infinity;
    this.isDead = false;
    void this.clock.sleep(2 * MINUTE);
  }

  get wasKilled(): boolean {
    return this.isDead;
  }

  /** Who has which name and which data, once everything has come to rest. */
  arrangement(): Record<string, string> {
    void this.clock.sleep(60 * MINUTE);
    this.pass();
    return Object.fromEntries([...this.machines].map(([name, { data }]): [string, string] => [name, data]));
  }

  add(name: string, instance: DBInstance, data: string, password: string): Machine {
    const machine: Machine = {
      instance: {
        DBInstanceStatus: 'available',
        ...instance,
        DBInstanceIdentifier: name,
        DBInstanceArn: ARN + name,
        Endpoint: { Address: `${name}.rds.test`, Port: 5432 },
      },
      data,
      password,
      coming: [],
    };
    this.machines.set(name, machine);
    return machine;
  }

  machine(name: string): Machine {
    const found = this.machines.get(name);
    if (!found) throw rdsFault('DBInstanceNotFound');
    return found;
  }

  get mutations(): string[] {
    return this.calls.filter((call) => !call.startsWith('Describe'));
  }

  private answer(
    command: new (input: never) => unknown,
    action: string,
    carryOut: (input: Record<string, unknown>) => object,
  ): void {
    this.mock.on(command as typeof DescribeDBInstancesCommand).callsFake((input: Record<string, unknown>) => {
      if (this.isDead) throw new Killed();
      this.pass();
      const name =
        input['DBInstanceIdentifier'] ?? input['TargetDBInstanceIdentifier'] ?? input['ResourceName'];
      this.calls.push([action, ...(typeof name === 'string' ? [name.replace(ARN, '')] : [])].join(' '));
      const refusal = this.refuse(action, input);
      if (refusal) throw refusal;
      const output = carryOut(input);
      if (--this.killIn <= 0) {
        this.isDead = true;
        throw new Killed();
      }
      return output;
    });
  }

  private pass(): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const machine of [...this.machines.values()]) {
        const [next] = machine.coming;
        if (!next || next.at > this.clock.now().getTime()) continue;
        machine.coming.shift();
        next.happen();
        moved = true;
      }
    }
  }

  private later(machine: Machine, milliseconds: number, happen: () => void): void {
    const last = machine.coming.at(-1)?.at ?? this.clock.now().getTime();
    machine.coming.push({ at: last + milliseconds, happen });
  }

  private idle(name: string): Machine {
    const machine = this.machine(name);
    const isBusy = machine.coming.length > 0 || machine.instance.DBInstanceStatus !== 'available';
    if (isBusy) throw rdsFault('InvalidDBInstanceState');
    return machine;
  }

  private page(marker: unknown): object {
    const all = [...this.machines.values()].map(({ instance }) => structuredClone(instance));
    const from = Number(marker ?? 0);
    const next = from + this.pageSize;
    return { DBInstances: all.slice(from, next), ...(next < all.length && { Marker: String(next) }) };
  }

  private snapshotOf(id: string, name: string, status: string, data: string, password: string) {
    const { instance } = this.machine(name);
    return {
      DBSnapshotIdentifier: id,
      DBInstanceIdentifier: name,
      DbiResourceId: instance.DbiResourceId,
      Engine: instance.Engine,
      EngineVersion: instance.EngineVersion,
      SnapshotType: 'manual',
      Status: status,
      SnapshotCreateTime: this.clock.now(),
      AllocatedStorage: instance.AllocatedStorage,
      StorageType: instance.StorageType,
      KmsKeyId: instance.KmsKeyId,
      MasterUsername: instance.MasterUsername,
      data,
      password,
    } as DBSnapshot & { data: string; password: string };
  }

  private createSnapshot(input: { DBSnapshotIdentifier: string; DBInstanceIdentifier: string; Tags: Tag[] }) {
    const { DBSnapshotIdentifier: id, DBInstanceIdentifier: name } = input;
    if (this.snapshots.has(id)) throw rdsFault('DBSnapshotAlreadyExists');
    const machine = this.idle(name);
    const snapshot = this.snapshotOf(id, name, 'creating', machine.data, machine.password);
    this.snapshots.set(id, { ...snapshot, TagList: input.Tags });
    machine.instance.DBInstanceStatus = 'backing-up';
    this.later(machine, MINUTE, () => {
      this.snapshots.get(id)!.Status = 'available';
      machine.instance.DBInstanceStatus = 'available';
    });
    return {};
  }

  private restore(
    input: RestoreDBInstanceToPointInTimeMessage,
    name: string,
    from: DBSnapshot & { data: string; password: string },
  ): object {
    if (this.machines.has(name)) throw rdsFault('DBInstanceAlreadyExists');
    const { Tags, ...parameters } = input;
    if (
      input.StorageType === 'gp3' &&
      (input.Iops ?? input.StorageThroughput) !== undefined &&
      (input.AllocatedStorage ?? 0) < 400
    ) {
      throw rdsFault(
        'InvalidParameterCombination',
        "You can't specify IOPS or storage throughput for less than 400",
      );
    }
    const machine = this.add(
      name,
      {
        ...DEFAULTS,
        Engine: from.Engine,
        EngineVersion: from.EngineVersion,
        MasterUsername: from.MasterUsername,
        AllocatedStorage: from.AllocatedStorage,
        StorageType: from.StorageType,
        Iops: 3000,
        StorageThroughput: 125,
        KmsKeyId: from.KmsKeyId,
        DbiResourceId: `db-NEW${this.nextId++}`,
        ...shownAs(parameters, this.ignored),
        TagList: Tags,
        DBInstanceStatus: 'creating',
      },
      from.data,
      from.password,
    );
    this.later(machine, MINUTE, () => (machine.instance.DBInstanceStatus = 'backing-up'));
    this.later(machine, HALF_A_MINUTE, () => (machine.instance.DBInstanceStatus = this.restoredEndsAs));
    return {};
  }

  private modify(input: ModifyDBInstanceMessage): object {
    const { DBInstanceIdentifier: name = '', NewDBInstanceIdentifier: newName } = input;
    const machine = this.idle(name);
    if (newName !== undefined) return this.rename(machine, name, newName);
    const { MasterUserPassword: password } = input;
    this.later(machine, 5 * SECOND, () => {
      machine.instance.DBInstanceStatus =
        password === undefined ? 'modifying' : 'resetting-master-credentials';
    });
    this.later(machine, HALF_A_MINUTE, () => {
      Object.assign(machine.instance, shownAs(input, this.ignored));
      if (input.DBParameterGroupName !== undefined && !this.ignored.has('DBParameterGroupName')) {
        machine.instance.DBParameterGroups![0]!.ParameterApplyStatus = 'pending-reboot';
      }
      if (password !== undefined && !this.ignored.has('MasterUserPassword')) machine.password = password;
      machine.instance.DBInstanceStatus = 'available';
    });
    return {};
  }

  private rename(machine: Machine, from: string, to: string): object {
    if (this.machines.has(to)) throw rdsFault('DBInstanceAlreadyExists');
    this.later(machine, 5 * SECOND, () => (machine.instance.DBInstanceStatus = 'renaming'));
    this.later(machine, HALF_A_MINUTE, () => {
      this.machines.delete(from);
      this.machines.set(to, machine);
      Object.assign(machine.instance, {
        DBInstanceIdentifier: to,
        DBInstanceArn: ARN + to,
        Endpoint: { Address: `${to}.rds.test`, Port: 5432 },
        DBInstanceStatus: 'rebooting',
      });
    });
    this.later(machine, MINUTE, () => (machine.instance.DBInstanceStatus = 'available'));
    return {};
  }

  private delete(input: Record<string, unknown>): object {
    const name = input['DBInstanceIdentifier'] as string;
    const machine = this.machine(name);
    if (machine.instance.DBInstanceStatus === 'deleting') throw rdsFault('InvalidDBInstanceState');
    if (machine.instance.DeletionProtection)
      throw rdsFault('InvalidParameterCombination', 'Cannot delete protected DB Instance');
    const final = input['FinalDBSnapshotIdentifier'] as string | undefined;
    if (final !== undefined) {
      if (this.snapshots.has(final)) throw rdsFault('DBSnapshotAlreadyExists');
      this.snapshots.set(final, this.snapshotOf(final, name, 'available', machine.data, machine.password));
    }
    machine.instance.DBInstanceStatus = 'deleting';
    machine.coming = [];
    this.later(machine, 5 * MINUTE, () => this.machines.delete(name));
    return {};
  }
}
