import { randomBytes } from 'node:crypto';
import Table from 'cli-table3';
import { readFingerprint } from '../core/backup/dump/companions';
import { createSideDatabase, dropSideDatabase } from '../core/backup/restore/side-database';
import {
  isVerified,
  putVerification,
  verifyDump,
  type Rung,
  type SmokeStatement,
  type Verification,
  type VerifyProgress,
  type WithThrowAwayDatabase,
} from '../core/backup/verify';
import { withSession } from '../core/postgres/session';
import { duration } from '../core/shared/units';
import { recorded } from './audit';
import { findDump } from './backup-list';
import type { Console } from './console';
import type { Environment } from './environment';
import { NotVerifiedError } from './errors';

export interface BackupVerifyOptions {
  /** Restores into a throw-away database on the live server. */
  readonly onLiveServer?: boolean;
  readonly smoke?: readonly SmokeStatement[];
  readonly jobs?: number;
}

const CREATE_TIMEOUT_MS = 300_000;

/**
 * `golive backup verify`
 *
 * @throws NotVerifiedError when a rung that was asked for did not pass
 */
export async function backupVerify(
  environment: Environment,
  output: Console,
  id: string,
  options: BackupVerifyOptions,
  { path, signal, now }: { readonly path: string; readonly signal: AbortSignal; readonly now: () => Date },
): Promise<void> {
  const { s3, operations } = environment;
  const vault = { s3, bucket: operations.vaultBucket };
  const { manifest, backupId, database } = await findDump(environment, output, id);
  const target = `dump ${database}/${backupId}`;
  const verification = await recorded(environment, output, 'backup.verify', target, async (note) => {
    const result = await verifyDump({
      ...vault,
      manifest,
      path,
      signal,
      now,
      jobs: options.jobs,
      fingerprint: await readFingerprint(vault, manifest, signal),
      smokeSql: options.smoke,
      withThrowAwayDatabase: options.onLiveServer ? lender(environment, backupId, now) : undefined,
      onProgress: (progress) => showProgress(output, progress),
    });
    note({ height: result.height, verified: isVerified(result) });
    await putVerification(vault, result);
    return result;
  });
  output.result(forPeople(verification, output, options), {
    ...verification,
    verified: isVerified(verification),
  });
  const failed = verification.rungs.filter(({ status }) => status === 'failed');
  if (failed.length > 0) {
    throw new NotVerifiedError(
      `backup ${backupId} failed at ${failed.map(({ name }) => name).join(', ')}; take the one before it, and do not prune`,
    );
  }
  const missing = verification.rungs.filter(
    ({ name, status }) => status !== 'passed' && isAsked(name, options),
  );
  if (missing.length > 0) {
    throw new NotVerifiedError(
      `backup ${backupId} could not be proven: ${missing.map(({ name, detail }) => `${name}: ${detail}`).join('; ')}`,
    );
  }
}

function isAsked(name: Rung['name'], { onLiveServer, smoke = [] }: BackupVerifyOptions): boolean {
  if (name === 'bytes' || name === 'readable') return true;
  return name === 'smoke' ? smoke.length > 0 : onLiveServer === true;
}

/** Marked as a restore that is under way: one that was killed is dropped by the next restore. */
function lender(environment: Environment, backupId: string, now: () => Date): WithThrowAwayDatabase {
  return async (use) => {
    const live = await environment.database();
    const limits = { statementTimeoutMs: CREATE_TIMEOUT_MS };
    return await withSession(
      { ...live, database: 'postgres' },
      'golive-verify',
      limits,
      async (maintenance) => {
        const side = await createSideDatabase(maintenance, {
          restoreId: `verify${randomBytes(4).toString('hex')}`,
          backupId,
          live: live.database,
          since: now().toISOString(),
        });
        try {
          return await use({ ...live, database: side.name });
        } finally {
          await dropSideDatabase(maintenance, side);
        }
      },
    );
  };
}

const DOING: Readonly<Record<Rung['name'], string>> = {
  bytes: 'fetching and hashing the archive',
  readable: 'reading the whole archive',
  restores: 'restoring it',
  structure: 'reading what was restored',
  fingerprint: 'comparing with the fingerprint',
  smoke: 'asking the smoke SQL',
};

function showProgress(output: Console, progress: VerifyProgress): void {
  const doing = DOING[progress.rung];
  if (progress.state === 'began') return output.progress(doing);
  if (progress.state === 'ended') return;
  if ('doneBytes' in progress) {
    output.progress(doing, { done: progress.doneBytes, total: progress.totalBytes, unit: 'bytes' });
  } else {
    output.progress(doing, { done: progress.doneEntries, total: progress.totalEntries, unit: 'entries' });
  }
}

function forPeople(
  verification: Verification,
  { colours }: Console,
  { onLiveServer }: BackupVerifyOptions,
): string {
  const colour = { passed: colours.green, failed: colours.red, 'not-run': colours.yellow };
  const table = new Table({
    head: ['rung', 'result', 'took', 'detail'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [null, null, null, 80],
  });
  for (const { name, status, durationMs, detail } of verification.rungs) {
    table.push([name, colour[status](status), status === 'not-run' ? '' : duration(durationMs), detail]);
  }
  const height = isVerified(verification)
    ? `${verification.backupId} is verified: it was restored, and is what was dumped`
    : `${verification.backupId} is proven up to: ${verification.height ?? 'nothing'}`;
  const more =
    onLiveServer || isVerified(verification) ? '' : '\nto restore and compare it, too: --on-live-server';
  return `${table.toString()}\n${height}${more}`;
}

/**
 * `name=SELECT …`, added to those before it.
 *
 * @returns undefined when the text is no such thing
 */
export function smokeStatement(text: string): SmokeStatement | undefined {
  const [, name, sql] = /^([^=\s][^=]*)=(.+)$/s.exec(text) ?? [];
  return name === undefined || sql === undefined ? undefined : { name: name.trim(), sql };
}
