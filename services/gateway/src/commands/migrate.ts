import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@golive/observability';
import type { GatewayEnvironment } from '../environment';
import { runMigrations } from '../migrations/run-migrations';
import { withOneSession } from './one-session';

/** Who owns what the services make. As `core/secrets/bootstrap` makes it at deployment. */
const OWNER = 'golive_owner';

/** Brings the database to this version's form. Throws what {@link runMigrations} throws. */
export async function migrate({
  environment,
  log,
}: {
  readonly environment: GatewayEnvironment;
  readonly log: Logger;
}): Promise<void> {
  const report = await withOneSession(environment, log, 'golive-migrations', (client) =>
    runMigrations({ client, folder: migrationsFolder(), owner: OWNER, log }),
  );
  log.info(
    { ...report },
    report.files.length === 0
      ? `nothing to migrate: the database is at version ${report.from}`
      : 'the database is migrated',
  );
}

/** Beside the bundle in the image, and beside `src` here. */
function migrationsFolder(): string {
  const bundled = join(__dirname, 'migrations');
  return existsSync(bundled) ? bundled : join(__dirname, '..', '..', 'migrations');
}
