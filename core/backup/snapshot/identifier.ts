import { createHash } from 'node:crypto';
import { backupIdAt } from '../vault-layout';

/** https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html */
const MAX_LENGTH = 255;

/**
 * Names a snapshot by its instance and the instant it is scheduled for: `prod-db-20260501t030000z`. RDS has no
 * idempotency token for snapshots, so the name is one: a redelivered event finds the snapshot that it made.
 *
 * Valid for whatever the instance is called: letters, digits and single hyphens, a letter first, no hyphen
 * last, at most 255 characters, in lower case as RDS stores it. A name that had to be bent to fit gets a digest
 * of the real one, so that two instances never share a snapshot name.
 */
export function snapshotIdentifier(instanceIdentifier: string, scheduledFor: Date): string {
  const stamp = backupIdAt(scheduledFor).toLowerCase();
  const digest = createHash('sha256').update(instanceIdentifier).digest('hex').slice(0, 8);
  const plain = instanceIdentifier.toLowerCase();
  const longest = MAX_LENGTH - stamp.length - 1;
  if (/^[a-z](?:-?[a-z0-9])*$/.test(plain) && plain.length <= longest) return `${plain}-${stamp}`;

  const bent = plain.replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+/, '');
  const stem = `db-${bent}`.slice(0, longest - digest.length - 1).replace(/-+$/, '');
  return `${stem}-${digest}-${stamp}`;
}
