export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/**
 * The scope that a call needs, as the least of those that Sentry accepts.
 * https://docs.sentry.io/api/permissions/ and the "Scopes" of each endpoint's page
 */
export function scopeFor(method: Method, path: string): string {
  if (/\/(workflows|detectors|monitors)\//.test(path))
    return method === 'GET' ? 'alerts:read' : 'alerts:write';
  if (path.startsWith('/projects/')) return method === 'GET' ? 'project:read' : 'project:write';
  return method === 'GET' ? 'org:read' : 'org:write';
}
