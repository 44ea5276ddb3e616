import * as z from 'zod';
import { checked } from '../api/checked';
import type { SentryApi } from '../api/client';
import { createOnce } from '../api/create-once';
import { isOwn, SentrySlugTakenError } from '../owned';
import type { ActualResource, Fields, Resource } from '../resource';
import { Owner, ownerText } from './owner';

const Monitor = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  status: z.string(),
  isMuted: z.boolean(),
  dateCreated: z.string(),
  project: z.object({ slug: z.string() }),
  owner: Owner,
  config: z.object({
    schedule_type: z.string(),
    schedule: z.json(),
    timezone: z.string().nullish(),
    checkin_margin: z.number().nullish(),
    max_runtime: z.number().nullish(),
    failure_issue_threshold: z.number().nullish(),
    recovery_threshold: z.number().nullish(),
  }),
});

const Named = z.looseObject({ name: z.string(), slug: z.string() });

const pathOf = (api: SentryApi) => `/organizations/${api.organization}/monitors/`;

/**
 * The cron monitors that are ours.
 * https://docs.sentry.io/api/crons/retrieve-monitors-for-an-organization/
 *
 * @param slugs those that ours have or will have
 * @throws SentrySlugTakenError when somebody else's monitor has one of them
 */
export async function readCronMonitors(
  api: SentryApi,
  environment: string,
  slugs: ReadonlySet<string>,
): Promise<ActualResource[]> {
  const monitors = await api.list(pathOf(api), Named);
  return monitors.flatMap((monitor) => {
    if (isOwn(environment, monitor.name))
      return [asResource(checked(Monitor, monitor, `GET ${pathOf(api)}`))];
    if (slugs.has(monitor.slug)) throw new SentrySlugTakenError(monitor.slug, monitor.name);
    return [];
  });
}

/** https://docs.sentry.io/api/crons/create-a-monitor/ */
export async function createCronMonitor(
  api: SentryApi,
  environment: string,
  desired: Resource,
): Promise<string> {
  return await createOnce(api, {
    create: async () => {
      const body = { slug: desired.key, ...bodyOf(desired) };
      return (await api.change('POST', pathOf(api), body, z.object({ slug: z.string() }))).slug;
    },
    find: async () => {
      const own = await readCronMonitors(api, environment, new Set());
      return own.find(({ key }) => key === desired.key)?.id;
    },
  });
}

/** https://docs.sentry.io/api/crons/update-a-monitor/ */
export async function updateCronMonitor(api: SentryApi, slug: string, desired: Resource): Promise<void> {
  await api.change('PUT', `${pathOf(api)}${slug}/`, bodyOf(desired), z.object({ slug: z.string() }));
}

/** https://docs.sentry.io/api/crons/delete-a-monitor-or-monitor-environments/ */
export async function deleteCronMonitor(api: SentryApi, slug: string): Promise<void> {
  await api.delete(`${pathOf(api)}${slug}/`);
}

function bodyOf({ name, fields }: Resource): Fields {
  return { name, ...fields };
}

function asResource({
  slug,
  name,
  status,
  isMuted,
  dateCreated,
  project,
  owner,
  config,
}: z.output<typeof Monitor>) {
  return {
    kind: 'cron monitor',
    key: slug,
    // The API takes the slug wherever it takes an id, and people can read it.
    id: slug,
    name,
    createdAt: dateCreated,
    fields: {
      project: project.slug,
      status,
      is_muted: isMuted,
      owner: ownerText(owner),
      config: {
        schedule_type: config.schedule_type,
        schedule: config.schedule as string,
        timezone: config.timezone ?? null,
        checkin_margin: config.checkin_margin ?? null,
        max_runtime: config.max_runtime ?? null,
        failure_issue_threshold: config.failure_issue_threshold ?? null,
        recovery_threshold: config.recovery_threshold ?? null,
      },
    },
  } as const satisfies ActualResource;
}
