import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CacheUserSecret } from '../../core/secrets/rotation/cache-user';
import { makeLocalCertificates } from '../../local/certificates';
import type { PrepareEnvironment } from './environment';
import { newPassword } from './make-secrets';
import { filesIn } from './volumes';
import { writeOpenly, writeSecretly } from './write-secretly';

/** Until then somebody will have made the volumes anew; a shorter life would end between two deployments. */
const DAYS = 3650;

/** Over the network with TLS and a password alone; over the socket, which nobody outside the container has, for its start. */
const POSTGRES_ACCESS = `local all all trust\nhostssl all all all scram-sha-256\n`;

/**
 * Makes what the servers read at their start: certificates, each signed by an authority of its own whose key nobody
 * keeps; who may come in; and the superuser's password. What is there stays, for the servers have read it, but for the
 * cache's user, which is the secret's.
 *
 * @returns what was made
 */
export async function makeFiles(
  secretsManager: SecretsManagerClient,
  environment: PrepareEnvironment,
): Promise<string[]> {
  const { authorities, postgres, valkey } = filesIn(environment.FOLDER);
  const made: string[] = [];
  const servers = [
    { host: environment.DATABASE_HOST, authority: authorities.postgres, ...postgres },
    { host: environment.CACHE_HOST, authority: authorities.valkey, ...valkey },
  ];
  for (const { host, authority, certificate, key } of servers) {
    if ((await isThere(authority)) && (await isThere(certificate)) && (await isThere(key))) continue;
    const names = [...new Set([host, 'localhost'])];
    const certificates = await makeLocalCertificates({ names, days: DAYS });
    await writeSecretly(key, certificates.privateKey);
    await writeOpenly(certificate, certificates.certificate);
    await writeOpenly(authority, certificates.authority);
    made.push(`the certificate of ${host}`);
  }
  await writeOpenly(postgres.access, POSTGRES_ACCESS);
  if (!(await isThere(postgres.superuserPassword))) {
    await writeSecretly(postgres.superuserPassword, newPassword());
    made.push('the password of the superuser');
  }
  await writeSecretly(valkey.users, await cacheUsers(secretsManager, environment.CACHE_SECRET_ARN));
  return made;
}

/** The same rights as on AWS, and somebody who may ask whether the server answers. https://valkey.io/topics/acl/ */
async function cacheUsers(secretsManager: SecretsManagerClient, arn: string): Promise<string> {
  const { SecretString = '' } = await secretsManager.send(
    new GetSecretValueCommand({ SecretId: arn, VersionStage: 'AWSCURRENT' }),
  );
  const { username, password } = CacheUserSecret.parse(JSON.parse(SecretString));
  const hash = createHash('sha256').update(password).digest('hex');
  return [
    'user default off',
    'user probe on nopass -@all +ping',
    `user ${username} on #${hash} ~* &* +@all -@admin -@dangerous`,
    '',
  ].join('\n');
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
