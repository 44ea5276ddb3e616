import * as z from 'zod';
import { checked } from '../api/checked';
import type { SentryApi } from '../api/client';
import { createOnce } from '../api/create-once';
import type { MonitorProject } from '../desired/monitors';
import { isOwn } from '../owned';
import { type ActualResource, type Fields, type Json, type Resource, sorted } from '../resource';
import { Owner, ownerText } from './owner';

/** What Sentry calls detectors in its API, and monitors in its pages. */
const Detector = z.looseObject({
  id: z.string(),
  projectId: z.union([z.string(), z.number().transform(String)]).nullable(),
  name: z.string(),
  type: z.string(),
});

const Common = z.object({
  id: z.string(),
  projectId: z.union([z.string(), z.number().transform(String)]),
  name: z.string(),
  enabled: z.boolean(),
  description: z.string().nullish(),
  owner: Owner,
  dateCreated: z.string(),
});

const Metric = Common.extend({
  type: z.literal('metric_issue'),
  config: z.object({ detectionType: z.string(), comparisonDelta: z.number().nullish() }),
  dataSources: z.array(
    z.object({
      queryObj: z.object({
        snubaQuery: z.object({
          aggregate: z.string(),
          dataset: z.string(),
          environment: z.string().nullish(),
          eventTypes: z.array(z.string()),
          query: z.string(),
          timeWindow: z.number(),
        }),
      }),
    }),
  ),
  conditionGroup: z.object({
    logicType: z.string(),
    conditions: z.array(z.object({ type: z.string(), comparison: z.json(), conditionResult: z.number() })),
  }),
});

const Uptime = Common.extend({
  type: z.literal('uptime_domain_failure'),
  config: z.object({
    mode: z.number(),
    environment: z.string().nullish(),
    downtimeThreshold: z.number(),
    recoveryThreshold: z.number(),
  }),
  dataSources: z.array(
    z.object({
      queryObj: z.object({
        url: z.string(),
        method: z.string(),
        headers: z.array(z.array(z.string())).nullish(),
        body: z.string().nullish(),
        intervalSeconds: z.number(),
        timeoutMs: z.number(),
        traceSampling: z.boolean(),
      }),
    }),
  ),
});

const Changed = z.object({ id: z.string() });

/** What Sentry asks of a query beside its dataset: 0 for errors, 1 for performance. It does not give it back. */
const QUERY_TYPES: Readonly<Record<string, number>> = { events: 0, events_analytics_platform: 1 };

const pathOf = (api: SentryApi) => `/organizations/${api.organization}/detectors/`;

export interface ReadDetectors {
  readonly own: readonly ActualResource[];
  /** By the project's id: the source of all of its issues, which Sentry makes itself. */
  readonly issueStreams: ReadonlyMap<string, string>;
}

/**
 * The monitors that are ours in these projects, and what alerts can hang on.
 * https://docs.sentry.io/api/monitors/fetch-an-organizations-monitors/
 */
export async function readDetectors(
  api: SentryApi,
  environment: string,
  projects: readonly MonitorProject[],
): Promise<ReadDetectors> {
  const query = projects.map(({ id }) => ['project', id] as const);
  const detectors = await api.list(pathOf(api), Detector, query);
  const own = detectors.flatMap((detector) => {
    if (!isOwn(environment, detector.name)) return [];
    if (detector.type === 'metric_issue')
      return [metricResource(checked(Metric, detector, `GET ${pathOf(api)}`))];
    if (detector.type === 'uptime_domain_failure')
      return [uptimeResource(checked(Uptime, detector, `GET ${pathOf(api)}`))];
    // A cron monitor has one as well, which lives and ends with it.
    return [];
  });
  const issueStreams = new Map(
    detectors.flatMap(({ id, projectId, type }) =>
      type === 'issue_stream' && projectId !== null ? [[projectId, id] as const] : [],
    ),
  );
  return { own, issueStreams };
}

/** https://docs.sentry.io/api/monitors/create-a-monitor-for-a-project/ */
export async function createDetector(
  api: SentryApi,
  environment: string,
  project: MonitorProject,
  desired: Resource,
): Promise<string> {
  const path = `/organizations/${api.organization}/projects/${project.slug}/detectors/`;
  const { id } = await createOnce(api, {
    create: () => api.change('POST', path, bodyOf(desired, project), Changed),
    find: async () =>
      (await readDetectors(api, environment, [project])).own.find(({ key }) => key === desired.key),
  });
  return id;
}

/** https://docs.sentry.io/api/monitors/update-a-monitor-by-id/ */
export async function updateDetector(
  api: SentryApi,
  project: MonitorProject,
  id: string,
  desired: Resource,
): Promise<void> {
  await api.change('PUT', `${pathOf(api)}${id}/`, bodyOf(desired, project), Changed);
}

/** https://docs.sentry.io/api/monitors/delete-a-monitor/ */
export async function deleteDetector(api: SentryApi, id: string): Promise<void> {
  await api.delete(`${pathOf(api)}${id}/`);
}

function bodyOf({ name, fields }: Resource, { id }: MonitorProject): Fields {
  const dataSources = (fields['dataSources'] as readonly Fields[]).map((source) => {
    const queryType = QUERY_TYPES[source['dataset'] as string];
    return { ...source, ...(queryType !== undefined && { queryType }) };
  });
  return { name, projectId: id, ...fields, dataSources };
}

function metricResource(detector: z.output<typeof Metric>): ActualResource {
  const { config, dataSources, conditionGroup } = detector;
  return {
    kind: 'metric monitor',
    ...common(detector),
    fields: {
      ...commonFields(detector),
      config: {
        detectionType: config.detectionType,
        // Of another kind of detection than ours.
        ...(config.comparisonDelta != null && { comparisonDelta: config.comparisonDelta }),
      },
      dataSources: dataSources.map(({ queryObj: { snubaQuery } }) => ({
        ...snubaQuery,
        environment: snubaQuery.environment ?? null,
        eventTypes: [...snubaQuery.eventTypes].sort(),
      })),
      conditionGroup: {
        logicType: conditionGroup.logicType,
        conditions: sorted(conditionGroup.conditions as readonly Json[]),
      },
    },
  };
}

function uptimeResource(detector: z.output<typeof Uptime>): ActualResource {
  const { config, dataSources } = detector;
  return {
    kind: 'uptime monitor',
    ...common(detector),
    fields: {
      ...commonFields(detector),
      config: { ...config, environment: config.environment ?? null },
      dataSources: dataSources.map(({ queryObj }) => ({
        ...queryObj,
        headers: queryObj.headers ?? [],
        body: queryObj.body ?? null,
      })),
    },
  };
}

function common({ id, projectId, name, dateCreated }: z.output<typeof Common>) {
  return { id, key: `${projectId}:${name}`, name, createdAt: dateCreated };
}

function commonFields({
  type,
  enabled,
  description,
  owner,
}: z.output<typeof Common> & { readonly type: string }) {
  return {
    type,
    enabled,
    description: description ?? null,
    owner: ownerText(owner),
  };
}
