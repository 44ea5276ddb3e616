import type { AlertBody, CronMonitorBody, DetectorBody } from './schemas';

export interface StoredAlert extends AlertBody {
  readonly id: string;
  readonly dateCreated: string;
}
export interface StoredDetector {
  readonly id: string;
  readonly projectId: string;
  readonly dateCreated: string;
  body: DetectorBody;
}
export interface StoredMonitor {
  readonly guid: string;
  readonly slug: string;
  readonly dateCreated: string;
  body: CronMonitorBody;
}
export interface StoredSettings {
  readonly id: string;
  readonly slug: string;
  dataScrubber: boolean;
  dataScrubberDefaults: boolean;
  sensitiveFields: string[];
  safeFields: string[];
  scrubIPAddresses: boolean;
  /** Whatever else there is to set, which nobody may touch. */
  readonly platform: string;
}

/** As a new project is: Sentry scrubs by default, and keeps addresses. */
export function newSettings(id: string, slug: string): StoredSettings {
  return {
    id,
    slug,
    dataScrubber: true,
    dataScrubberDefaults: true,
    sensitiveFields: [],
    safeFields: [],
    scrubIPAddresses: false,
    platform: 'node',
  };
}

/** What Sentry gives of an alert: with ids, and in no order that anybody asked for. */
export function alertAnswer({ environment, ...alert }: StoredAlert): object {
  const numbered = (conditions: readonly object[]) =>
    conditions.map((condition, index) => ({ id: `${alert.id}${index}`, ...condition })).reverse();
  return {
    ...alert,
    organizationId: '1',
    createdBy: '7',
    dateUpdated: alert.dateCreated,
    lastTriggered: null,
    environment,
    detectorIds: [...alert.detectorIds].reverse(),
    triggers: {
      id: `${alert.id}00`,
      organizationId: '1',
      ...alert.triggers,
      conditions: numbered(alert.triggers.conditions),
    },
    actionFilters: [...alert.actionFilters].reverse().map((filter) => ({
      id: `${alert.id}01`,
      organizationId: '1',
      ...filter,
      conditions: numbered(filter.conditions),
      actions: filter.actions.map((action) => ({ id: `${alert.id}02`, ...action })),
    })),
  };
}

/** What Sentry gives of a detector: its sources as rows of its database. */
export function detectorAnswer({ id, projectId, dateCreated, body }: StoredDetector): object {
  const sources =
    body.type === 'metric_issue'
      ? body.dataSources.map(({ queryType: _, ...source }) => ({
          id: '1',
          type: 'snuba_query_subscription',
          queryObj: {
            id: '2',
            status: 0,
            snubaQuery: {
              id: '3',
              ...source,
              eventTypes: [...source.eventTypes].reverse(),
              extrapolationMode: 'unknown',
            },
          },
        }))
      : body.dataSources.map((source) => ({ id: '1', type: 'uptime_subscription', queryObj: source }));
  const [type, number] = body.owner?.split(':') ?? [];
  return {
    id,
    projectId,
    name: body.name,
    description: body.description ?? null,
    type: body.type,
    workflowIds: [],
    owner: type ? { type, id: number, name: 'somebody' } : null,
    createdBy: '7',
    dateCreated,
    dateUpdated: dateCreated,
    dataSources: sources,
    conditionGroup:
      body.type === 'metric_issue'
        ? {
            id: '4',
            organizationId: '1',
            logicType: body.conditionGroup.logicType,
            conditions: body.conditionGroup.conditions
              .map((one, index) => ({ id: `5${index}`, ...one }))
              .reverse(),
            actions: [],
          }
        : { id: '4', logicType: 'any', conditions: [], actions: [] },
    config: body.type === 'metric_issue' ? { comparisonDelta: null, ...body.config } : body.config,
    enabled: body.enabled ?? true,
    latestGroup: null,
    openIssues: 0,
  };
}

export function monitorAnswer({ guid, slug, dateCreated, body }: StoredMonitor): object {
  const [type, number] = body.owner?.split(':') ?? [];
  return {
    id: guid,
    slug,
    name: body.name,
    type: 'cron_job',
    status: body.status,
    isMuted: body.is_muted ?? false,
    isUpserting: false,
    dateCreated,
    config: { ...body.config, alert_rule_id: null },
    environments: [],
    owner: type ? { type, id: number, name: 'somebody' } : null,
    project: { id: '11', slug: body.project, name: body.project, platform: 'node' },
  };
}
