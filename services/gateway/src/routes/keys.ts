import * as z from 'zod';
import type { TokenKeys } from '../../../../core/secrets/client';
import type { App } from '../http/app-types';
import { problemResponses } from '../http/problem';

/** Less than any reader of the ring may keep an old one: 60 s is the least that `secrets.cacheSeconds` may be. */
const CACHE_SECONDS = 60;

const KeySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).meta({ id: 'KeySet' });

export function keyRoutes(app: App, { tokens }: { readonly tokens: Pick<TokenKeys, 'jwks'> }): void {
  app.route({
    method: 'GET',
    url: '/.well-known/jwks.json',
    schema: {
      operationId: 'readKeys',
      tags: ['sessions'],
      summary: 'The public keys that tokens are verified with (RFC 7517)',
      response: {
        200: KeySet.describe('Ask again when it has expired: keys rotate'),
        ...problemResponses('rate-limited', 'internal-error', 'unavailable'),
      },
    },
    handler: async (_request, reply) => {
      const keys = await tokens.jwks();
      return reply.header('cache-control', `public, max-age=${CACHE_SECONDS}`).send(keys);
    },
  });
}
