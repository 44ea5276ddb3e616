import type { SentryOperations } from '../operations';
import type { ActualResource, Fields, Resource } from '../resource';

/**
 * What Sentry must take out before it stores an event. Of lists, what others have put there stays: more is taken out,
 * never less.
 *
 * @param actual the settings as they are
 */
export function desiredScrubbing(
  { rules }: Pick<SentryOperations, 'rules'>,
  actual: readonly ActualResource[],
): Resource[] {
  const { sensitiveFields, ipAddresses, organization } = rules.scrubbing;
  return actual
    .filter(({ kind }) => kind === 'project scrubbing' || (kind === 'organization scrubbing' && organization))
    .map(({ kind, key, name, fields }) => ({
      kind,
      key,
      name,
      fields: {
        dataScrubber: true,
        dataScrubberDefaults: true,
        sensitiveFields: [...new Set([...textsIn(fields, 'sensitiveFields'), ...sensitiveFields])].sort(),
        // Whoever scrubs more than we ask for may.
        ...(ipAddresses && { scrubIPAddresses: true }),
      },
    }));
}

function textsIn(fields: Fields, name: string): string[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
