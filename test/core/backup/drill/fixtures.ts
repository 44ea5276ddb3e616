import { DrillRecord, type DumpPart, type SnapshotPart, type Verdict } from '../../../../core/backup/drill';
import { DUMP_STAGES, SNAPSHOT_STAGES } from '../../../../core/backup/drill/record';

export const DRILL_ID = '20261123T030000Z-4f2a9c01';

/** @param outcomes of stages that did not pass */
export function dumpPart(
  outcomes: Partial<Record<(typeof DUMP_STAGES)[number], Verdict>> = {},
  changes: Partial<DumpPart> = {},
): DumpPart {
  return {
    backupId: '20261123T020000Z',
    database: 'shop',
    databaseBytes: 10_000,
    archiveBytes: 1_000,
    server: { version: '17.5', durability: 'off', jobs: 2, cores: 2 },
    verdict: 'passed',
    stages: DUMP_STAGES.map((name) => ({
      name,
      outcome: outcomes[name] ?? 'passed',
      seconds: 2,
      detail: 'measured',
      needed: name !== 'smoke',
    })),
    remarks: [],
    error: null,
    ...changes,
  };
}

export function snapshotPart(changes: Partial<SnapshotPart> = {}): SnapshotPart {
  return {
    snapshotId: 'golive-prod-20261123t010000z',
    snapshotAt: '2026-11-23T01:00:00Z',
    instanceIdentifier: 'golive-prod-drill-20261123t030000z-4f2a9c01',
    instanceClass: 'db.r7g.large',
    comparedWith: '20261123T020000Z',
    verdict: 'passed',
    stages: SNAPSHOT_STAGES.map((name) => ({
      name,
      outcome: name === 'content' ? 'not-run' : 'passed',
      seconds: 2,
      detail: 'measured',
      needed: name !== 'content',
    })),
    recoverySeconds: 4,
    remarks: [],
    error: null,
    ...changes,
  };
}

/** As it is written; whether it may be is for the schema to say. */
export function drillInput(changes: object = {}) {
  return {
    drillVersion: 1,
    drillId: DRILL_ID,
    environment: 'prod',
    who: {
      account: '123456789012',
      arn: 'arn:aws:sts::123456789012:assumed-role/drill/task',
      userId: 'AROA:task',
    },
    startedAt: '2026-11-23T03:00:00Z',
    finishedAt: '2026-11-23T03:20:00Z',
    verdict: 'passed',
    objectiveSeconds: 1800,
    recoverySeconds: 6,
    liveBytes: 20_000,
    extrapolatedSeconds: 12,
    formula: '6 s × max(1, 20000 bytes live ÷ 10000 bytes dumped) = 12 s',
    withinObjective: true,
    dump: dumpPart(),
    snapshot: null,
    ...changes,
  };
}

export const drillRecord = (changes: object = {}): DrillRecord => DrillRecord.parse(drillInput(changes));
