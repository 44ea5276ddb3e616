import * as z from 'zod';
import { Manifest } from '../manifest';

/**
 * The rungs, lowest first. `bytes`: the vault gives what was put there. `readable`: pg_restore reads it to its end.
 * `restores`: it goes into an empty database without an error. `structure`: what is there has the shape and the
 * number of rows that were dumped. `fingerprint`: it has the same content. `smoke`: the team's own questions are
 * answered with yes.
 */
export const RUNGS = ['bytes', 'readable', 'restores', 'structure', 'fingerprint', 'smoke'] as const;
export type RungName = (typeof RUNGS)[number];

/** Without one of these a dump does not count as verified; `smoke` is the team's own addition. */
const NEEDED: readonly RungName[] = ['bytes', 'readable', 'restores', 'structure', 'fingerprint'];

export const Rung = z.strictObject({
  name: z.enum(RUNGS),
  /**
   * `failed` speaks against the backup. `not-run`: nothing is known, because something else was in the way, such as
   * a server that does not answer.
   */
  status: z.enum(['passed', 'failed', 'not-run']),
  startedAt: z.iso.datetime(),
  /** Milliseconds. */
  durationMs: z.number().int().nonnegative(),
  /** What was measured, why it failed, or why it did not run. For people. */
  detail: z.string().min(1),
});
export type Rung = z.output<typeof Rung>;

/** How far one dump was proven, in one run. Never changed afterwards: another run writes another record. */
export const Verification = z
  .strictObject({
    verificationVersion: z.literal(1),
    backupId: Manifest.shape.backupId,
    database: z.string().min(1),
    archiveKey: z.string().min(1),
    /** As the manifest gave it then, lower-case hexadecimal: of another archive this proves nothing. */
    archiveSha256: Manifest.shape.archive.shape.sha256,
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime(),
    /** Of the pg_restore that was used, such as `17.5`; null when there was none, or nothing for it to do. */
    clientVersion: z.string().min(1).nullable(),
    /** Every rung, in order. */
    rungs: z.array(Rung),
    /** The highest rung that passed with all below it; null when the lowest did not. */
    height: z.enum(RUNGS).nullable(),
  })
  .superRefine(({ rungs, height }, context) => {
    if (rungs.map(({ name }) => name).join() !== RUNGS.join()) {
      context.addIssue({ code: 'custom', path: ['rungs'], message: `expected ${RUNGS.join(', ')}` });
    } else if (height !== heightOf(rungs)) {
      context.addIssue({ code: 'custom', path: ['height'], message: `the rungs give ${heightOf(rungs)}` });
    }
  });
export type Verification = z.output<typeof Verification>;

/** @param rungs every rung, in order */
export function heightOf(rungs: readonly Pick<Rung, 'name' | 'status'>[]): RungName | null {
  let height: RungName | null = null;
  for (const { name, status } of rungs) {
    if (status !== 'passed') break;
    height = name;
  }
  return height;
}

/** The highest rung that passed with all below it; null when the lowest did not. */
export function verifiedUpTo(verification: Pick<Verification, 'rungs'>): RungName | null {
  return heightOf(verification.rungs);
}

/** Whether the dump was restored and is what was dumped: every rung up to `fingerprint` passed. */
export function isVerified({ rungs }: Pick<Verification, 'rungs'>): boolean {
  return NEEDED.every((needed) => rungs.some(({ name, status }) => name === needed && status === 'passed'));
}
