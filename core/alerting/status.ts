import type { HealthReport } from '../backup/health/report';
import type { SecretsReport } from '../secrets/status/report';
import type { ServicesReport } from '../services/deployed';
import { saidBy } from '../shared/errors';
import { SEVERITIES } from './alarm-name';
import type { AlarmNow } from './describe-alarms';
import { TEST_ANCHOR } from './test-alarm';

/** How a part is; `unknown` could not be asked, which is not well. */
export type PartStatus = 'ok' | 'warning' | 'critical' | 'unknown';

/** One part of an environment: what was found, or why nothing was. Each may fail by itself. */
export type Part<T> = { readonly status: PartStatus } & (
  { readonly found: T } | { readonly unreachable: string }
);

/** What was found of alarms, the critical ones first, and of those the newest. */
export interface AlarmsNow {
  /** They sound, and somebody was told. */
  readonly sounding: readonly AlarmNow[];
  /** They sound, and are kept quiet. */
  readonly suppressed: readonly AlarmNow[];
  /** CloudWatch has no figures for them. */
  readonly withoutFigures: readonly AlarmNow[];
  /** Test alarms that sound: the path is being proven. */
  readonly tests: readonly AlarmNow[];
  readonly total: number;
}

/** Whether an environment is all right. It is what `golive status --json` prints. Times are UTC, ISO 8601. */
export interface EnvironmentStatus {
  readonly environment: string;
  readonly observedAt: string;
  /** The worst of the parts: critical, then unknown, then warning. */
  readonly status: PartStatus;
  /** By region: that of disaster recovery has alarms of its own. */
  readonly alarms: Readonly<Record<string, Part<AlarmsNow>>>;
  /** The monitor's last report. */
  readonly backups: Part<HealthReport>;
  readonly rotations: Part<SecretsReport>;
  readonly services: Part<ServicesReport>;
}

/** How each part is asked. */
export interface StatusQuestions {
  readonly environment: string;
  readonly regions: readonly string[];
  readonly alarmsIn: (region: string) => Promise<readonly AlarmNow[]>;
  /** Undefined: the monitor has never left a report. */
  readonly backups: () => Promise<HealthReport | undefined>;
  readonly rotations: () => Promise<SecretsReport>;
  readonly services: () => Promise<ServicesReport>;
  readonly now: () => Date;
}

/** The monitor writes every hour; after three it is an alarm, too. */
const OLDEST_REPORT_HOURS = 3;
const ORDER = ['critical', 'unknown', 'warning', 'ok'] as const;

/** Asks all parts at once. It throws nothing: what could not be asked is said in its part. */
export async function environmentStatus(questions: StatusQuestions): Promise<EnvironmentStatus> {
  const { environment, regions, now } = questions;
  const observedAt = now();
  const [alarms, backups, rotations, services] = await Promise.all([
    Promise.all(
      regions.map(
        async (region) => [region, await part(() => askAlarms(questions, region), judgeAlarms)] as const,
      ),
    ),
    part(
      () => askBackups(questions),
      (report) => (isOld(report, observedAt) && report.status === 'ok' ? 'warning' : report.status),
    ),
    part(questions.rotations, ({ status }) => status),
    part(questions.services, ({ status }) => status),
  ]);
  const parts = [...alarms.map(([, one]) => one), backups, rotations, services];
  return {
    environment,
    observedAt: observedAt.toISOString(),
    status: ORDER.find((status) => parts.some((one) => one.status === status)) ?? 'ok',
    alarms: Object.fromEntries(alarms),
    backups,
    rotations,
    services,
  };
}

/** Whether a report is older than the monitor would leave it. */
export function isOld({ observedAt }: HealthReport, now: Date): boolean {
  return now.getTime() - Date.parse(observedAt) > OLDEST_REPORT_HOURS * 3_600_000;
}

async function part<T>(question: () => Promise<T>, judge: (found: T) => PartStatus): Promise<Part<T>> {
  try {
    const found = await question();
    return { status: judge(found), found };
  } catch (error) {
    return {
      status: 'unknown',
      unreachable: error instanceof Error && 'code' in error ? error.message : saidBy(error),
    };
  }
}

async function askAlarms({ environment, alarmsIn }: StatusQuestions, region: string): Promise<AlarmsNow> {
  const alarms = await alarmsIn(region);
  if (alarms.length === 0) {
    throw new Error(
      `no alarm in ${region} has a name that begins with golive-${environment}-: look at AWS_PROFILE and AWS_REGION, or deploy it`,
    );
  }
  const sorted = [...alarms].sort(
    (one, other) => rank(one) - rank(other) || other.since.localeCompare(one.since),
  );
  const real = sorted.filter(({ anchor }) => anchor !== TEST_ANCHOR);
  const inAlarm = real.filter(({ state }) => state === 'ALARM');
  return {
    sounding: inAlarm.filter(({ isSuppressed }) => !isSuppressed),
    suppressed: inAlarm.filter(({ isSuppressed }) => isSuppressed),
    withoutFigures: real.filter(({ state }) => state === 'INSUFFICIENT_DATA'),
    tests: sorted.filter(({ anchor, state }) => anchor === TEST_ANCHOR && state === 'ALARM'),
    total: alarms.length,
  };
}

function rank({ severity }: AlarmNow): number {
  return SEVERITIES.indexOf(severity);
}

/** What only informs is no reason to look, nor is what has no figures yet: a missing figure that matters breaches. */
function judgeAlarms({ sounding, suppressed }: AlarmsNow): PartStatus {
  if (sounding.some(({ severity }) => severity === 'critical')) return 'critical';
  const isWarning = suppressed.length > 0 || sounding.some(({ severity }) => severity === 'warning');
  return isWarning ? 'warning' : 'ok';
}

async function askBackups({ backups }: StatusQuestions): Promise<HealthReport> {
  const report = await backups();
  if (report) return report;
  throw new Error('the backup monitor has left no report that can be read: golive monitor asks now');
}
