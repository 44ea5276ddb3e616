import * as z from 'zod';
import { CallerIdentity } from '../../audit';
import { parseDrillKey, drillKey } from './key';

/** `failed` speaks against the backup; `not-run`: something else was in the way, and nothing is known. */
export const Verdict = z.enum(['passed', 'failed', 'not-run']);
export type Verdict = z.output<typeof Verdict>;

/**
 * What happens to a dump, in order. `server`: a throw-away server with the roles and an empty database. `download`:
 * the archive, every byte hashed on its way. `readable`: pg_restore reads it to its end. `restore`. `analyze`: the
 * statistics that a restored database lacks. `structure`, `fingerprint`: it is what was dumped. `smoke`: the team's
 * own questions.
 */
export const DUMP_STAGES = [
  'server',
  'download',
  'readable',
  'restore',
  'analyze',
  'structure',
  'fingerprint',
  'smoke',
] as const;

/**
 * What happens to a snapshot, in order. `instance`: restored by RDS until it is available. `login`. `structure`,
 * `volume`: it has the newest dump's schema, and about its numbers of rows. `content`: never run, for the two are of
 * different instants. `smoke`. `removal`: the throw-away instance is gone.
 */
export const SNAPSHOT_STAGES = [
  'instance',
  'login',
  'structure',
  'volume',
  'content',
  'smoke',
  'removal',
] as const;

export type DumpStageName = (typeof DUMP_STAGES)[number];
export type SnapshotStageName = (typeof SNAPSHOT_STAGES)[number];
export type StageName = DumpStageName | SnapshotStageName;

const Seconds = z.number().nonnegative();
const Bytes = z.number().int().nonnegative();
/** Scrubbed. */
const Failure = z.strictObject({ code: z.string().min(1), message: z.string().min(1) });
export type Failure = z.output<typeof Failure>;

function stageOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.strictObject({
    name: z.enum(names),
    outcome: Verdict,
    seconds: Seconds,
    /** What was measured, why it failed, or why it did not run. For people. */
    detail: z.string().min(1),
    /** Whether the part cannot pass without it. */
    needed: z.boolean(),
  });
}

export const DumpPart = z.strictObject({
  /** Null when none was found. */
  backupId: z.string().min(1).nullable(),
  database: z.string().min(1),
  /** `pg_database_size` before the dump; null when no dump was found. */
  databaseBytes: Bytes.nullable(),
  archiveBytes: Bytes.nullable(),
  /** What was restored into; null when there was none. */
  server: z
    .strictObject({
      version: z.string().min(1),
      /** Without it a restore is faster than into a server that keeps what it is given. */
      durability: z.literal('off'),
      /** Connections that restored at the same time. */
      jobs: z.number().int().positive(),
      /** Of the machine, which the server and pg_restore share. */
      cores: z.number().int().positive(),
    })
    .nullable(),
  verdict: Verdict,
  stages: z.array(stageOf(DUMP_STAGES)),
  /** What did no harm and is worth knowing, such as roles that could not be made. */
  remarks: z.array(z.string().min(1)),
  error: Failure.nullable(),
});
export type DumpPart = z.output<typeof DumpPart>;

export const SnapshotPart = z.strictObject({
  /** Null when none was found. */
  snapshotId: z.string().min(1).nullable(),
  /** When its data was captured. */
  snapshotAt: z.iso.datetime().nullable(),
  /** Of the throw-away instance; null when none was asked for. */
  instanceIdentifier: z.string().min(1).nullable(),
  instanceClass: z.string().min(1).nullable(),
  /** The dump that it was compared with; null when there was none with a fingerprint. */
  comparedWith: z.string().min(1).nullable(),
  verdict: Verdict,
  stages: z.array(stageOf(SNAPSHOT_STAGES)),
  /** From the request until somebody could log in, seconds; null when nobody could. */
  recoverySeconds: Seconds.nullable(),
  remarks: z.array(z.string().min(1)),
  error: Failure.nullable(),
});
export type SnapshotPart = z.output<typeof SnapshotPart>;

export type DumpStage = DumpPart['stages'][number];
export type SnapshotStage = SnapshotPart['stages'][number];

/** One restore drill, written when it ended and never changed. A drill that is killed leaves none. */
export const DrillRecord = z
  .strictObject({
    drillVersion: z.literal(1),
    /** Such as `20261123T030000Z-4f2a9c01`: when it began, UTC, and something that no other has. */
    drillId: z.string().refine((id) => parseDrillKey(keyOrNothing(id)) === id, 'expected the id of a drill'),
    environment: z.string().min(1),
    who: CallerIdentity,
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime(),
    /** Of all parts: the worst. */
    verdict: Verdict,
    /** Seconds. What a recovery may take. */
    objectiveSeconds: z.number().positive(),
    /** Measured: download, restore and analyze of the dump. Null when one of them did not pass. */
    recoverySeconds: Seconds.nullable(),
    /** `pg_database_size` of the live database when the drill ended; null when it could not be asked. */
    liveBytes: Bytes.nullable(),
    /** At the live database's size. Null when nothing was measured. */
    extrapolatedSeconds: Seconds.nullable(),
    /** How that came about, with the figures. */
    formula: z.string().min(1),
    /** Whether a recovery at the live database's size keeps the objective; null when nothing was measured. */
    withinObjective: z.boolean().nullable(),
    dump: DumpPart,
    /** Null when it was not asked for. */
    snapshot: SnapshotPart.nullable(),
  })
  .superRefine((record, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const { dump, snapshot, verdict } = record;
    const wanted = verdictOf([dump, ...(snapshot ? [snapshot] : [])].map((part) => part.verdict));
    if (verdict !== wanted) issue('verdict', `the parts give ${wanted}`);
    for (const [name, part] of [['dump', dump] as const, ['snapshot', snapshot] as const]) {
      // A part may have failed before its first stage.
      if (part?.verdict !== 'passed') continue;
      const ofStages = verdictOfStages(part.stages);
      if (ofStages !== 'passed') issue(name, `it cannot have passed: its stages give ${ofStages}`);
    }
  });
export type DrillRecord = z.output<typeof DrillRecord>;

/** The worst: nothing that failed is hidden by what passed, and nothing that did not run counts as passed. */
export function verdictOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('failed')) return 'failed';
  return verdicts.length === 0 || verdicts.includes('not-run') ? 'not-run' : 'passed';
}

export function verdictOfStages(
  stages: readonly { readonly outcome: Verdict; readonly needed: boolean }[],
): Verdict {
  return verdictOf(stages.filter(({ needed }) => needed).map(({ outcome }) => outcome));
}

function keyOrNothing(id: string): string {
  try {
    return drillKey(id);
  } catch {
    return '';
  }
}
