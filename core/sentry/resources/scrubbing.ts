import * as z from 'zod';
import type { SentryApi } from '../api/client';
import type { ActualResource, Resource } from '../resource';

const Settings = z.object({
  id: z.string(),
  slug: z.string(),
  dataScrubber: z.boolean(),
  dataScrubberDefaults: z.boolean(),
  sensitiveFields: z.array(z.string()),
  scrubIPAddresses: z.boolean(),
});

/**
 * A project and what Sentry takes out of its events.
 * https://docs.sentry.io/api/projects/retrieve-a-project/
 *
 * @throws SentryNotFoundError
 */
export async function readProject(api: SentryApi, slug: string) {
  const settings = await api.get(`/projects/${api.organization}/${slug}/`, Settings);
  const scrubbing = asResource('project scrubbing', slug, settings);
  return { id: settings.id, slug, scrubbing };
}

/** https://docs.sentry.io/api/organizations/retrieve-an-organization/ */
export async function readOrganizationScrubbing(api: SentryApi): Promise<ActualResource> {
  const settings = await api.get(`/organizations/${api.organization}/`, Settings);
  return asResource('organization scrubbing', api.organization, settings);
}

/**
 * Sets what is given, and leaves all other settings as they are.
 * https://docs.sentry.io/api/projects/update-a-project/ and
 * https://docs.sentry.io/api/organizations/update-an-organization/
 */
export async function updateScrubbing(api: SentryApi, { kind, key, fields }: Resource): Promise<void> {
  const path =
    kind === 'organization scrubbing' ? `/organizations/${key}/` : `/projects/${api.organization}/${key}/`;
  await api.change('PUT', path, fields, z.object({ id: z.string() }));
}

function asResource(
  kind: 'project scrubbing' | 'organization scrubbing',
  key: string,
  { dataScrubber, dataScrubberDefaults, sensitiveFields, scrubIPAddresses }: z.output<typeof Settings>,
): ActualResource {
  return {
    kind,
    key,
    name: key,
    id: key,
    createdAt: '',
    fields: {
      dataScrubber,
      dataScrubberDefaults,
      sensitiveFields: [...sensitiveFields].sort(),
      scrubIPAddresses,
    },
  };
}
