import * as z from 'zod';
import { checked } from '../api/checked';
import type { SentryApi } from '../api/client';
import { createOnce } from '../api/create-once';
import { isOwn } from '../owned';
import { type ActualResource, type Fields, type Json, type Resource, sorted } from '../resource';

const Condition = z.object({ type: z.string(), comparison: z.json(), conditionResult: z.json() });

const Action = z.object({
  type: z.string(),
  integrationId: z.union([z.string(), z.number().transform(String)]).nullish(),
  config: z.object({
    targetType: z.json().optional(),
    targetIdentifier: z.json().optional(),
    targetDisplay: z.json().optional(),
  }),
  data: z.record(z.string(), z.json()),
  status: z.string().default('active'),
});

const Alert = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  environment: z.string().nullish(),
  dateCreated: z.string(),
  config: z.object({ frequency: z.number().optional() }),
  detectorIds: z.array(z.union([z.string(), z.number().transform(String)])),
  triggers: z.object({ logicType: z.string(), conditions: z.array(Condition) }).nullable(),
  actionFilters: z.array(
    z.object({ logicType: z.string(), conditions: z.array(Condition), actions: z.array(Action) }),
  ),
});

const Changed = z.object({ id: z.string() });

const pathOf = (api: SentryApi) => `/organizations/${api.organization}/workflows/`;

/**
 * The alerts that are ours.
 * https://docs.sentry.io/api/monitors/fetch-alerts/
 */
export async function readAlerts(api: SentryApi, environment: string): Promise<ActualResource[]> {
  const alerts = await api.list(pathOf(api), z.looseObject({ name: z.string() }));
  // Of somebody else's nothing but the name is looked at, so that it may be whatever it is.
  return alerts
    .filter(({ name }) => isOwn(environment, name))
    .map((alert) => asResource(checked(Alert, alert, `GET ${pathOf(api)}`)));
}

/** https://docs.sentry.io/api/monitors/create-an-alert-for-an-organization/ */
export async function createAlert(api: SentryApi, environment: string, desired: Resource): Promise<string> {
  const { id } = await createOnce(api, {
    create: () => api.change('POST', pathOf(api), bodyOf(desired), Changed),
    find: async () => (await readAlerts(api, environment)).find(({ key }) => key === desired.key),
  });
  return id;
}

/** https://docs.sentry.io/api/monitors/update-an-alert-by-id/ */
export async function updateAlert(api: SentryApi, id: string, desired: Resource): Promise<void> {
  await api.change('PUT', `${pathOf(api)}${id}/`, { id, ...bodyOf(desired) }, Changed);
}

/** https://docs.sentry.io/api/monitors/delete-an-alert/ */
export async function deleteAlert(api: SentryApi, id: string): Promise<void> {
  await api.delete(`${pathOf(api)}${id}/`);
}

function bodyOf({ name, fields }: Resource): Fields {
  const { triggers, ...rest } = fields;
  return { name, ...rest, triggers: { ...(triggers as Fields), actions: [] } };
}

function asResource(alert: z.output<typeof Alert>): ActualResource {
  const condition = ({ type, comparison, conditionResult }: z.output<typeof Condition>) =>
    ({ type, comparison, conditionResult }) as Json;
  return {
    kind: 'alert',
    key: alert.name,
    name: alert.name,
    id: alert.id,
    createdAt: alert.dateCreated,
    fields: {
      enabled: alert.enabled,
      environment: alert.environment ?? null,
      config: { frequency: alert.config.frequency ?? null },
      detectorIds: sorted(alert.detectorIds),
      triggers: {
        logicType: alert.triggers?.logicType ?? null,
        conditions: sorted((alert.triggers?.conditions ?? []).map(condition)),
      },
      actionFilters: sorted(
        alert.actionFilters.map(({ logicType, conditions, actions }) => ({
          logicType,
          conditions: sorted(conditions.map(condition)),
          actions: sorted(actions.map(asAction)),
        })),
      ),
    },
  };
}

function asAction({ type, integrationId, config, data, status }: z.output<typeof Action>): Json {
  return {
    type,
    integrationId: integrationId ?? null,
    config: {
      targetType: config.targetType ?? null,
      targetIdentifier: config.targetIdentifier ?? null,
      targetDisplay: config.targetDisplay ?? null,
    },
    data: data as Fields,
    status,
  };
}
