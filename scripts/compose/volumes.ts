import { join } from 'node:path';

/** The files that pass from the container that prepares to the others, a folder for each volume. */
export function filesIn(folder: string) {
  return {
    /** Read by whoever connects. */
    authorities: {
      postgres: join(folder, 'authorities', 'postgres.pem'),
      valkey: join(folder, 'authorities', 'valkey.pem'),
    },
    postgres: {
      certificate: join(folder, 'postgres', 'server.pem'),
      key: join(folder, 'postgres', 'server.key'),
      access: join(folder, 'postgres', 'pg_hba.conf'),
      superuserPassword: join(folder, 'postgres', 'superuser-password'),
    },
    valkey: {
      certificate: join(folder, 'valkey', 'server.pem'),
      key: join(folder, 'valkey', 'server.key'),
      users: join(folder, 'valkey', 'users.acl'),
    },
    /** What was put into the emulator, which forgets it when it ends. */
    secrets: join(folder, 'secrets', 'secrets.json'),
  };
}
