import type { App } from '../http/app-types';
import { problemResponses } from '../http/problem';
import { Status } from '../projects/status';
import { ALWAYS_POSSIBLE, BEARER, type RouteContext } from './route-context';

export function statusRoutes(
  app: App,
  { authenticated, readStatus }: RouteContext & { readStatus: () => Promise<Status> },
): void {
  app.route({
    method: 'GET',
    url: '/api/v1/status',
    onRequest: authenticated,
    schema: {
      operationId: 'readStatus',
      tags: ['status'],
      summary: 'How the environment is, counted at most some seconds ago',
      security: BEARER,
      response: { 200: Status.describe('The status'), ...problemResponses(...ALWAYS_POSSIBLE) },
    },
    handler: () => readStatus(),
  });
}
