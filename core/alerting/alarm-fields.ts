import type { Severity } from './alarm-name';

/**
 * What a message says of an alarm. Where a template is made each is a placeholder, which EventBridge fills in from the
 * event; a test puts values there, and has the message as it arrives.
 *
 * EventBridge escapes nothing that it puts between quotes: so only what cannot hold a quote stands beside other text, and
 * whatever people or CloudWatch wrote is a value of its own.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html#eb-transform-input-issues
 */
export interface AlarmFields {
  /** Letters, digits and hyphens: see `alarmName`. Safe beside other text. */
  readonly name: string;
  /** Safe beside other text, as are the next two. */
  readonly arn: string;
  /** Of the event, UTC, ISO 8601. */
  readonly time: string;
  /** Of the alarm: also that of disaster recovery. */
  readonly region: string;
  /** What is wrong; at most 1,024 characters, which CloudWatch sees to. Undefined: the alarm has none. */
  readonly description?: unknown;
  /** `detail.state`: an object with CloudWatch's reason. */
  readonly state: unknown;
  /** `detail.configuration`: an object with metrics, or with the rule of a composite alarm. */
  readonly configuration: unknown;
}

/** Where whoever is woken looks next. Absolute addresses. */
export interface Places {
  readonly environment: string;
  readonly severity: Severity;
  /** Without an anchor: EventBridge cannot take one out of a name. The alarm's description names its section. */
  readonly runbookUrl: string;
  readonly dashboardUrl: string;
  /** Queries of the environment's logs. */
  readonly logsUrl: string;
  /** The console's page of the alarm with a name. */
  readonly alarmUrl: (region: string, name: string) => string;
}

/** The overview that the dashboards draw: `golive-prod-overview`. */
export function overviewDashboardName(environment: string): string {
  return capabilityDashboardName(environment, 'overview');
}

/** That of one capability: `golive-prod-database`. */
export function capabilityDashboardName(environment: string, capability: string): string {
  return `golive-${environment}-${capability}`;
}

/** Where people see a dashboard. */
export function dashboardUrl(region: string, name: string): string {
  return consoleUrl(region, `dashboards/dashboard/${name}`);
}

/** Addresses in CloudWatch's console. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ */
export function consoleUrl(region: string, page: string): string {
  return `https://console.aws.amazon.com/cloudwatch/home?region=${region}#${page}`;
}

/** The places of an environment, as its console and its repository have them. */
export function placesOf(
  of: Pick<Places, 'environment' | 'severity' | 'runbookUrl'> & { readonly region: string },
): Places {
  const { environment, severity, runbookUrl, region } = of;
  return {
    environment,
    severity,
    runbookUrl,
    dashboardUrl: dashboardUrl(region, overviewDashboardName(environment)),
    logsUrl: consoleUrl(region, 'logsV2:logs-insights'),
    alarmUrl: (where, name) => consoleUrl(where, `alarmsV2:alarm/${name}`),
  };
}
