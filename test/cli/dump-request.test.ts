import type { Console } from '../../cli/console';
import { dumpRequestOf } from '../../cli/dump-request';
import type { Environment } from '../../cli/environment';
import type { PostgresEndpoint } from '../../core/postgres/endpoint';

const requestIn = (fingerprint: { connections: number; maxTableBytes?: number }) =>
  dumpRequestOf({ operations: { fingerprint } } as unknown as Environment, {} as Console, {
    endpoint: {} as PostgresEndpoint,
    scheduledFor: new Date(0),
    path: '',
    signal: new AbortController().signal,
    doing: 'dumping',
  });

test('every dump of a command, a safety backup too, is fingerprinted as the environment says', () => {
  expect(requestIn({ connections: 3, maxTableBytes: 5 }).fingerprint).toEqual({
    connections: 3,
    limits: { maxTableBytes: 5 },
  });
  expect(requestIn({ connections: 2 }).fingerprint).toEqual({ connections: 2, limits: {} });
});
