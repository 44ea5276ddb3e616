import * as z from 'zod';
import type { App } from '../http/app-types';
import { signedInOf } from '../http/authenticate';
import { clientAddress, addressGroup } from '../http/client-address';
import { limitHeaders } from '../http/limit-headers';
import { problemResponses } from '../http/problem';
import { Identifier, Timestamp } from '../http/text';
import type { Sessions } from '../sessions/sessions';
import type { SignIn } from '../sessions/sign-in';
import { EMAIL } from '../users/email';
import { BEARER, type RouteContext } from './route-context';

export const User = z.object({ id: Identifier, email: z.string(), name: z.string() }).meta({ id: 'User' });

/** Longer passwords only cost time. */
const LONGEST_PASSWORD = 200;

const Credentials = z
  .strictObject({
    email: z.string().trim().toLowerCase().max(254).regex(EMAIL, 'an e-mail address'),
    password: z.string().min(1).max(LONGEST_PASSWORD),
  })
  .meta({ id: 'Credentials' });

const OpenedSession = z
  .object({ token: z.string(), expiresAt: Timestamp, user: User })
  .meta({ id: 'Session' });

export function sessionRoutes(
  app: App,
  { authenticated, sessions, signIn }: RouteContext & { sessions: Sessions; signIn: SignIn },
): void {
  app.route({
    method: 'POST',
    url: '/api/v1/sessions',
    schema: {
      operationId: 'signIn',
      tags: ['sessions'],
      summary: 'Sign in',
      body: Credentials,
      response: {
        201: OpenedSession.describe('Send the token as a bearer token'),
        ...problemResponses(
          'invalid-request',
          'wrong-credentials',
          'too-large',
          'unsupported-media-type',
          'rate-limited',
          'internal-error',
          'unavailable',
        ),
      },
    },
    handler: async (request, reply) => {
      const address = addressGroup(clientAddress(request.raw));
      const user = await signIn.check({ ...request.body, address }, (states) => {
        request.limits = [...request.limits, ...states];
        void reply.headers(limitHeaders(request.limits));
      });
      const { token, expiresAt } = await sessions.open(user.id);
      return reply.code(201).send({ token, expiresAt: expiresAt.toISOString(), user });
    },
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/sessions/current',
    onRequest: authenticated,
    schema: {
      operationId: 'signOut',
      tags: ['sessions'],
      summary: 'Sign out: the token is revoked',
      security: BEARER,
      response: {
        204: z.undefined().describe('The token works nowhere any more'),
        ...problemResponses('not-signed-in', 'rate-limited', 'internal-error', 'unavailable'),
      },
    },
    handler: async (request, reply) => {
      await sessions.close(signedInOf(request));
      return reply.code(204).send();
    },
  });
}
