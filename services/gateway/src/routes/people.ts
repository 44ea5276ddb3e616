import type { Database } from '../database/database';
import type { App } from '../http/app-types';
import { signedInOf } from '../http/authenticate';
import { problemResponses } from '../http/problem';
import { notSignedIn } from '../sessions/sessions';
import { ALWAYS_POSSIBLE, BEARER, type RouteContext } from './route-context';
import { User } from './sessions';

export function peopleRoutes(
  app: App,
  { authenticated, database }: RouteContext & { database: Pick<Database, 'user'> },
): void {
  app.route({
    method: 'GET',
    url: '/api/v1/me',
    onRequest: authenticated,
    schema: {
      operationId: 'readMe',
      tags: ['sessions'],
      summary: 'Who is signed in',
      security: BEARER,
      response: { 200: User.describe('The user'), ...problemResponses(...ALWAYS_POSSIBLE) },
    },
    handler: async (request) => {
      const { userId: id } = signedInOf(request);
      const user = await database.user.findUnique({ where: { id } });
      if (!user) throw notSignedIn('The account is gone.');
      return { id: user.id, email: user.email, name: user.name };
    },
  });
}
