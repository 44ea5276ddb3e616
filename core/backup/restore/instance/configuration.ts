import { isDeepStrictEqual } from 'node:util';
import type { DBInstance, DBSnapshot } from '@aws-sdk/client-rds';
import { SettingsMissingError, type SettingDifference } from './errors';
import { tagsToKeep } from './mark';
import {
  SETTINGS,
  type InstanceSettings,
  type Modification,
  type RestoreParameters,
  type Setting,
  type SettingName,
} from './settings';

const NAMES = Object.keys(SETTINGS) as SettingName[];

/** Each has a value type of its own, which a loop over all of them can't tell. */
const ANY_SETTING = SETTINGS as unknown as Readonly<Record<SettingName, Setting<unknown>>>;

/** What the instance is like, as far as RDS tells. */
export function settingsOf(instance: DBInstance): InstanceSettings {
  return collect((name) => ANY_SETTING[name].read(instance));
}

/** The little that a snapshot, or an automated backup, knows of its instance. */
export function settingsOfBackup(backup: DBSnapshot): InstanceSettings {
  const { AllocatedStorage, StorageType, Iops, StorageThroughput, Port, KmsKeyId, TagList } = backup;
  const known: { [Name in SettingName]?: InstanceSettings[Name] | undefined } = {
    allocatedStorageGiB: AllocatedStorage,
    storageType: StorageType,
    iops: Iops,
    storageThroughput: StorageThroughput,
    port: Port,
    kmsKeyId: KmsKeyId,
    optionGroup: backup.OptionGroupName,
    iamAuthentication: backup.IAMDatabaseAuthenticationEnabled,
    backupRetentionDays: backup.BackupRetentionPeriod,
    backupWindow: backup.PreferredBackupWindow,
    tags: TagList && tagsToKeep(TagList),
  };
  return collect((name) => known[name]);
}

/** What RDS would otherwise decide by defaults that nobody wants in production. */
const INDISPENSABLE: readonly SettingName[] = [
  'instanceClass',
  'multiAz',
  'subnetGroup',
  'securityGroups',
  'parameterGroup',
  'publiclyAccessible',
  'deletionProtection',
  'iamAuthentication',
  'backupRetentionDays',
  'copyTagsToSnapshot',
];

/**
 * What the new instance must be like: as the live one, unless somebody said otherwise; without a live one, as the
 * backup knows, and the rest must be said.
 *
 * @throws SettingsMissingError
 */
export function wantedSettings(
  live: DBInstance | undefined,
  backup: DBSnapshot | undefined,
  given: InstanceSettings = {},
): InstanceSettings {
  const wanted = { ...(live ? settingsOf(live) : backup && settingsOfBackup(backup)), ...given };
  const missing = INDISPENSABLE.filter((name) => wanted[name] === undefined);
  if (!live && missing.length > 0) {
    throw new SettingsMissingError(
      `the live instance is gone, and nobody says what the new one must be like: give ${missing.join(', ')} in a file of JSON with --settings; the Database stack's resources and lib/config have them`,
    );
  }
  const allocated = Math.max(wanted.allocatedStorageGiB ?? 0, backup?.AllocatedStorage ?? 0);
  return { ...wanted, ...(allocated > 0 && { allocatedStorageGiB: allocated }) };
}

/** Everything that the restore itself takes. Tags come with the mark. */
export function restoreParameters(wanted: InstanceSettings): RestoreParameters {
  return merge(wanted, NAMES, (name, value) => ANY_SETTING[name].restore?.(value, wanted));
}

/** What is not as wanted, but for what somebody accepts. */
export function differences(
  wanted: InstanceSettings,
  instance: DBInstance,
  accepted: readonly string[] = [],
): SettingDifference[] {
  const actual = settingsOf(instance);
  const different = NAMES.filter((name) => {
    const { isAsWanted = isDeepStrictEqual } = ANY_SETTING[name];
    return wanted[name] !== undefined && !isAsWanted(inOrder(wanted[name]), actual[name]);
  }).map((name) => ({ setting: name, wanted: wanted[name], actual: actual[name] }));
  return [...different, ...notInForce(instance)].filter(({ setting }) => !accepted.includes(setting));
}

/**
 * The modification that makes the differences go away; undefined when none of them can be changed.
 */
export function modificationFor(
  found: readonly SettingDifference[],
  wanted: InstanceSettings,
  instance: DBInstance,
): Modification | undefined {
  const actual = settingsOf(instance);
  const names = found.map(({ setting }) => setting).filter((name): name is SettingName => name in SETTINGS);
  const modification = merge(wanted, names, (name, value) =>
    ANY_SETTING[name].modify?.(value, wanted, actual),
  );
  return Object.keys(modification).length > 0 ? modification : undefined;
}

/** `deletionProtection is false, not true` */
export function described({ setting, wanted, actual }: SettingDifference): string {
  return `${setting} is ${JSON.stringify(actual) ?? 'not told'}, not ${JSON.stringify(wanted)}`;
}

/** Groups that are attached, and not applied. A parameter group that waits for a reboot forces no TLS yet. */
function notInForce(instance: DBInstance): SettingDifference[] {
  const [group] = instance.DBParameterGroups ?? [];
  const states: readonly (readonly [name: string, is: string | undefined, mustBe: string])[] = [
    ['parameterGroup', group?.ParameterApplyStatus, 'in-sync'],
    ['optionGroup', instance.OptionGroupMemberships?.[0]?.Status, 'in-sync'],
    ...(instance.VpcSecurityGroups ?? []).map(
      ({ VpcSecurityGroupId, Status }) =>
        [`securityGroups (${VpcSecurityGroupId})`, Status, 'active'] as const,
    ),
  ];
  return states.flatMap(([setting, actual, wanted]) =>
    actual === undefined || actual === wanted ? [] : [{ setting: `${setting} (${actual})`, wanted, actual }],
  );
}

/** Whether a reboot is all that the parameter group waits for. */
export function awaitsReboot(found: readonly SettingDifference[]): boolean {
  return found.some(({ setting }) => setting === 'parameterGroup (pending-reboot)');
}

function collect(valueOf: (name: SettingName) => unknown): InstanceSettings {
  return Object.fromEntries(
    NAMES.map((name) => [name, valueOf(name)] as const).filter(([, value]) => value !== undefined),
  );
}

function merge<Parameters extends object>(
  wanted: InstanceSettings,
  names: readonly SettingName[],
  give: (name: SettingName, value: unknown) => Partial<Parameters> | undefined,
): Parameters {
  const given = names.map((name) => (wanted[name] === undefined ? undefined : give(name, wanted[name])));
  return Object.assign({}, ...given) as Parameters;
}

/** Lists are sets here: RDS gives them in any order. */
function inOrder(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as string[])].sort() : value;
}
