import { availableParallelism, tmpdir } from 'node:os';
import { backupIdAt } from '../core/backup/vault-layout';
import { takeDump, type DumpResult } from '../core/backup/dump/take-dump';
import { bytes, duration } from '../core/shared/units';
import { recorded } from './audit';
import type { Console } from './console';
import { dumpRequestOf } from './dump-request';
import type { Environment } from './environment';
import { UsageError } from './errors';
import type { Meter } from './meter';

export interface BackupCreateOptions {
  /** The instant that the backup is for; the same instant is the same backup. */
  readonly scheduledFor?: string;
  /** With several connections, through the temporary folder. */
  readonly parallel?: boolean;
  readonly jobs?: number;
}

/**
 * `golive backup create`
 *
 * @throws UsageError, and what `takeDump` throws
 */
export async function backupCreate(
  environment: Environment,
  output: Console,
  { scheduledFor, parallel = false, jobs = Math.max(2, availableParallelism()) }: BackupCreateOptions,
  {
    path,
    signal,
    now,
    meter,
  }: { readonly path: string; readonly signal: AbortSignal; readonly now: () => Date; readonly meter: Meter },
): Promise<void> {
  const { operations } = environment;
  const instant = scheduledFor === undefined ? now() : instantOf(scheduledFor);
  const target = `dump ${operations.databaseName}/${backupIdAt(instant)}`;
  const result = await meter.counting('DumpFailed', () =>
    recorded(environment, output, 'backup.create', target, async (note) => {
      const endpoint = await environment.databaseToDump();
      output.progress('looking at the database');
      const made = await takeDump({
        ...dumpRequestOf(environment, output, {
          endpoint,
          scheduledFor: instant,
          path,
          signal,
          doing: 'dumping into the vault',
        }),
        ...(parallel && { archive: { format: 'directory', jobs, folder: tmpdir() } }),
      });
      note({ outcome: made.outcome, bytes: made.manifest.archive.bytes });
      return made;
    }),
  );
  measure(meter, result);
  const { manifest, outcome } = result;
  const seconds = secondsOf(result);
  output.result(
    outcome === 'created'
      ? `${manifest.backupId}: ${bytes(manifest.archive.bytes)} of ${bytes(manifest.source.sizeBytes)} in the vault after ${duration(seconds * 1000)}\n` +
          `prove it:  golive backup verify ${manifest.backupId} --on-live-server -e ${operations.environment}`
      : `${manifest.backupId} was in the vault already`,
    { outcome, backupId: manifest.backupId, archive: manifest.archive, seconds },
  );
}

/** The same metrics as the dump function's, so that the same alarms watch both. */
function measure(meter: Meter, result: DumpResult): void {
  const { manifest, outcome } = result;
  meter.count('DumpCompleted', 1);
  meter.count('DumpNotFingerprinted', 'notTaken' in manifest.fingerprint ? 1 : 0);
  if (outcome === 'already-exists') return;
  meter.bytes('DumpBytes', manifest.archive.bytes);
  meter.seconds('DumpDurationSeconds', secondsOf(result));
  meter.bytes('DatabaseSizeBytes', manifest.source.sizeBytes);
}

function secondsOf({ manifest }: DumpResult): number {
  return (Date.parse(manifest.completedAt) - Date.parse(manifest.startedAt)) / 1000;
}

function instantOf(text: string): Date {
  const instant = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(instant.getTime())) return instant;
  throw new UsageError(`--scheduled-for takes an instant such as 2026-11-23T02:00:00Z, and got "${text}"`);
}
