import { type AlarmIdentity, parseAlarmName, SEVERITIES } from '../../core/alerting/alarm-name';
import type { Alarms, CompositeAlarm, MetricAlarm } from '../../core/alerting/simulation/alarm';
import { type Scenario, SCENARIO_NAMES, SCENARIOS } from '../../core/alerting/simulation/scenarios';
import type { ScenarioRuns } from './run-scenarios';

const SIGNS = {
  GreaterThanThreshold: '>',
  GreaterThanOrEqualToThreshold: '≥',
  LessThanThreshold: '<',
  LessThanOrEqualToThreshold: '≤',
} as const;

const NO_DATA = {
  breaching: 'breaches',
  notBreaching: 'breaches not',
  ignore: 'changes nothing',
  missing: 'is said',
} as const;

/** The page `docs/alarms.md`: all alarms of an environment, and which of them sounds when. */
export function alarmsPage(environment: string, alarms: Alarms, runs: ScenarioRuns): string {
  const rows = bySection([...alarms.compositeAlarms, ...alarms.metricAlarms], environment);
  return [
    '# Alarms',
    '',
    `All alarms of ${environment}, as they are synthesised, and what each does in a simulation. Written by`,
    '`npm run alarms:table`; a test keeps it as the templates are.',
    '',
    '**page** wakes somebody, **tells** informs (a warning, or a child of what pages), **kept** was kept back by a deployment.',
    'Each section of the [runbook](runbook.md) says what to do.',
    '',
    ...SCENARIO_NAMES.map((name) => `- **${name}**: ${SCENARIOS[name]}`),
    '',
    '## What sounds when',
    '',
    ...table(
      ['alarm', 'severity', ...SCENARIO_NAMES],
      rows.map(({ identity, alarms: some }) => [
        `[${identity.anchor}](runbook.md#${identity.anchor})${some.length > 1 ? ` (${some.length})` : ''}`,
        identity.severity,
        ...SCENARIO_NAMES.map((scenario) => whatHappened(some, identity, runs, scenario)),
      ]),
    ),
    '',
    '## What each looks at',
    '',
    ...table(
      ['alarm', 'of', 'metric', 'sounds at', 'M of N', 'no data'],
      rows.flatMap(({ identity, alarms: some }) =>
        some.map((alarm) => [
          identity.anchor,
          subjectOf(environment, alarm.name),
          ...lookedAt(environment, alarm),
        ]),
      ),
    ),
    '',
  ].join('\n');
}

type AnyAlarm = MetricAlarm | CompositeAlarm;

interface Row {
  readonly identity: AlarmIdentity;
  readonly alarms: readonly AnyAlarm[];
}

/** Alarms of one section and severity, those that page first. */
function bySection(all: readonly AnyAlarm[], environment: string): Row[] {
  const rows = new Map<string, { identity: AlarmIdentity; alarms: AnyAlarm[] }>();
  for (const alarm of all) {
    const identity = identityOf(environment, alarm.name);
    const key = `${SEVERITIES.indexOf(identity.severity)} ${identity.anchor}`;
    const row = rows.get(key) ?? { identity, alarms: [] };
    row.alarms.push(alarm);
    rows.set(key, row);
  }
  return [...rows.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}

function identityOf(environment: string, name: string): AlarmIdentity {
  const identity = parseAlarmName(environment, name);
  if (!identity) throw new Error(`${name} is no alarm of ${environment}: make it by declareAlarm`);
  return identity;
}

const subjectOf = (environment: string, name: string) => identityOf(environment, name).subject ?? '';

function whatHappened(
  alarms: readonly AnyAlarm[],
  { severity }: AlarmIdentity,
  runs: ScenarioRuns,
  scenario: Scenario,
): string {
  const own = runs[scenario].filter(({ name }) => alarms.some((alarm) => alarm.name === name));
  if (own.some(({ told }) => told.length > 0)) return severity === 'critical' ? '**page**' : 'tells';
  return own.some(({ alarms: stretches }) => stretches.length > 0) ? 'kept' : '';
}

function lookedAt(environment: string, alarm: AnyAlarm): string[] {
  if ('rule' in alarm) return [ruleInWords(environment, alarm.rule), 'any of them', '', ''];
  const { metrics, expression, operator, threshold, datapointsToAlarm, evaluationPeriods, periodSeconds } =
    alarm;
  const names = [...new Set(metrics.map(({ metricName, statistic }) => `${metricName} (${statistic})`))];
  return [
    `${expression && expression !== metrics[0]?.id ? `\`${expression}\` of ` : ''}${metrics[0]?.namespace} ${names.join(', ')}`,
    `${SIGNS[operator]} ${threshold}`,
    `${datapointsToAlarm} of ${evaluationPeriods} × ${inWords(periodSeconds)}`,
    NO_DATA[alarm.missingData],
  ];
}

/** `a, b, and not c`, by sections. */
function ruleInWords(environment: string, rule: string): string {
  const [any = '', unless = ''] = rule.split(' AND (NOT ');
  const names = (text: string) => [
    ...new Set(
      [...text.matchAll(/"([^"]+)"/g)].map(([, name]) => identityOf(environment, name as string).anchor),
    ),
  ];
  const not = names(unless);
  return `${names(any).join(', ')}${not.length > 0 ? `, and not ${not.join(', ')}` : ''}`;
}

function inWords(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds / 60} min`;
}

/** As prettier formats it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => (cells[column] as string).length)),
  );
  const line = (cells: readonly string[], filler = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number, filler)).join(' | ')} |`;
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map((cells) => line(cells)),
  ];
}
