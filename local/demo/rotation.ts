import { DatabaseSecret } from '../../core/postgres/endpoint';
import { createSecretsClient, rotatingPool, tokenKeys } from '../../core/secrets/client';
import { JwtKeyRing } from '../../core/secrets/key-ring';
import { count } from '../../core/shared/units';
import type { LocalPlatform } from '../platform';
import { Unexpected, type Outcome, type Progress } from './steps';

/** Schedules in the order of the rotations: the login of the services twice, for there are two of them. */
const ROTATIONS = ['Rotations/App/', 'Rotations/Jwt/', 'Rotations/App/', 'Rotations/Backup/'] as const;
const CLIENTS = 4;
/** As the service's secrets would be cached for five minutes, old logins work on: only younger ones are put to the test. */
const CACHE_SECONDS = 1;

/**
 * A service works at full rate while its database login, its signing keys and the login of the dumps rotate.
 *
 * @throws Unexpected when a query or a token failed, or the login is the same as before
 */
export async function rotateUnderLoad(
  platform: LocalPlatform,
  progress: Progress,
  signal: AbortSignal,
): Promise<Outcome> {
  const client = createSecretsClient({
    secretsManager: platform.clients.secretsManager,
    secrets: {
      database: { id: platform.rotatedSecret('Rotations/App/'), schema: DatabaseSecret },
      tokens: { id: platform.rotatedSecret('Rotations/Jwt/'), schema: JwtKeyRing },
    },
    environment: 'local',
    cacheSeconds: CACHE_SECONDS,
  });
  const pool = rotatingPool({ client, name: 'database', caFile: platform.database.caFile });
  const keys = tokenKeys({ client, name: 'tokens' });
  const logins = new Set<string>();
  const failures: string[] = [];
  let [queries, tokens, isDone] = [0, 0, false];
  const work = async (): Promise<void> => {
    while (!isDone && failures.length === 0) {
      const { rows } = await pool.query<{ login: string; acts: string }>(
        'SELECT session_user::text AS login, current_user::text AS acts',
      );
      queries += 1;
      logins.add(rows[0]!.login);
      await keys.verify(await keys.sign({ sub: 'demo' }, { expiresInSeconds: 60 }));
      tokens += 1;
    }
  };
  const workers = Array.from({ length: CLIENTS }, () =>
    work().catch((error: unknown) => void failures.push(String(error))),
  );
  try {
    for (const [index, schedule] of ROTATIONS.entries()) {
      signal.throwIfAborted();
      progress(`rotation ${index + 1} of ${ROTATIONS.length}: ${schedule.split('/')[1]}`);
      await platform.rotate(schedule);
    }
    // Once more, so that the last login is put to the test, too.
    await client.refresh('database');
    await pool.query('SELECT 1');
  } finally {
    isDone = true;
    await Promise.all(workers);
    await pool.end();
    client.close();
  }
  if (failures.length > 0) throw new Unexpected('a query or a token failed during a rotation', failures);
  if (logins.size < 2) throw new Unexpected('the service went on with the same login', [...logins]);
  return {
    result: `${count(queries)} queries and ${count(tokens)} tokens while ${ROTATIONS.length} rotations ran: none failed`,
    details: [`logged in as ${[...logins].join(' and ')}`],
    value: undefined,
  };
}
