import {
  DescribeSecretCommand,
  paginateListSecretVersionIds,
  type DescribeSecretResponse,
  type SecretsManagerClient,
  type SecretVersionsListEntry,
} from '@aws-sdk/client-secrets-manager';
import { JudgedError, saidBy } from '../../shared/errors';
import type { SecretOperations } from '../operations';
import type { LabelMove, PendingFact, SecretState, VersionFact } from './facts';
import { parseRingDatesTag, RING_DATES_TAG, type RingDates } from './ring-dates';

/** Secrets Manager did not say how a secret stands. */
export class SecretUnreadableError extends JudgedError {
  readonly code = 'SecretUnreadableError';

  constructor(name: string, cause: unknown) {
    const { name: said } = cause as Error;
    const isDenied = /AccessDenied|UnrecognizedClient|ExpiredToken/.test(said);
    super(
      `secret ${name}: ${saidBy(cause)}; ` +
        (said === 'ResourceNotFoundException'
          ? 'restore it, or deploy the stack that owns it'
          : isDenied
            ? 'allow secretsmanager:DescribeSecret and ListSecretVersionIds on it to who asks'
            : 'look whether Secrets Manager is well in this region, and try again'),
      { cause, retryable: !isDenied && said !== 'ResourceNotFoundException' },
    );
  }
}

/**
 * Reads the dates and stages of one secret; its value stays where it is.
 *
 * @throws SecretUnreadableError
 */
export async function readSecretState(
  secretsManager: SecretsManagerClient,
  { name, arn, kind }: Pick<SecretOperations, 'name' | 'arn' | 'kind'>,
): Promise<SecretState> {
  try {
    const described = await secretsManager.send(new DescribeSecretCommand({ SecretId: arn }));
    const versions: SecretVersionsListEntry[] = [];
    const pages = paginateListSecretVersionIds({ client: secretsManager, pageSize: 100 }, { SecretId: arn });
    for await (const page of pages) versions.push(...(page.Versions ?? []));
    return stateOf(described, versions, kind);
  } catch (error) {
    throw new SecretUnreadableError(name, error);
  }
}

function stateOf(
  described: DescribeSecretResponse,
  versions: readonly SecretVersionsListEntry[],
  kind: SecretOperations['kind'],
): SecretState {
  const createdAt = described.CreatedDate;
  if (!createdAt) throw new Error('DescribeSecret gave no CreatedDate');
  const current = versionAt('AWSCURRENT', versions);
  const previous = versionAt('AWSPREVIOUS', versions);
  const lastRotatedAt = described.LastRotatedDate;
  return {
    createdAt,
    current,
    previous,
    pending: pendingOf(described, versions, current, createdAt),
    labelMoved: current && moveOf(current, previous, described),
    isRotationEnabled: described.RotationEnabled === true,
    lastRotatedAt,
    nextRotationAt: described.NextRotationDate,
    lastAccessedOn: described.LastAccessedDate,
    deletionAt: described.DeletedDate,
    isUnset: kind === 'set-by-people' && isAsCreated(current, previous, createdAt),
    ring: ringOf(described, current),
  };
}

function versionAt(stage: string, versions: readonly SecretVersionsListEntry[]): VersionFact | undefined {
  const found = versions.find(({ VersionStages = [] }) => VersionStages.includes(stage));
  return found?.VersionId !== undefined && found.CreatedDate
    ? { versionId: found.VersionId, createdAt: found.CreatedDate }
    : undefined;
}

/**
 * Secrets Manager attaches `AWSPENDING` to a version before it has a value, which the list may not show: then the
 * secret's last change is the latest that it can have happened.
 */
function pendingOf(
  { VersionIdsToStages = {}, LastChangedDate }: DescribeSecretResponse,
  versions: readonly SecretVersionsListEntry[],
  current: VersionFact | undefined,
  createdAt: Date,
): PendingFact | undefined {
  const listed = versionAt('AWSPENDING', versions);
  if (listed) {
    return listed.versionId === current?.versionId
      ? undefined
      : { versionId: listed.versionId, since: listed.createdAt };
  }
  const [versionId] =
    Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSPENDING')) ?? [];
  if (versionId === undefined || versionId === current?.versionId) return undefined;
  return { versionId, since: LastChangedDate ?? createdAt };
}

/**
 * A rotation moves the label after it made the version and before it is over. By hand both are the same call. Whoever
 * goes back to an older version leaves no date but that of the last change, which a new tag moves, too.
 */
function moveOf(
  { createdAt }: VersionFact,
  previous: VersionFact | undefined,
  { LastRotatedDate, LastChangedDate }: DescribeSecretResponse,
): LabelMove {
  if (previous && previous.createdAt > createdAt) {
    return {
      notBefore: previous.createdAt,
      notAfter: LastChangedDate ?? previous.createdAt,
      isRollback: true,
    };
  }
  const isByRotation = LastRotatedDate && LastRotatedDate > createdAt;
  return { notBefore: createdAt, notAfter: isByRotation ? LastRotatedDate : createdAt, isRollback: false };
}

/** The version that CreateSecret makes is of the same instant as the secret; the two are stamped one after the other. */
const SAME_CALL_MS = 5_000;

function isAsCreated(
  current: VersionFact | undefined,
  previous: VersionFact | undefined,
  createdAt: Date,
): boolean {
  if (!current) return true;
  return !previous && current.createdAt.getTime() - createdAt.getTime() <= SAME_CALL_MS;
}

/** Dates of another version, which somebody put by hand, say nothing of this one. */
function ringOf(
  { Tags = [] }: DescribeSecretResponse,
  current: VersionFact | undefined,
): RingDates | undefined {
  const dates = parseRingDatesTag(Tags.find(({ Key }) => Key === RING_DATES_TAG)?.Value);
  return dates && dates.versionId === current?.versionId ? dates : undefined;
}
