import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  CreateSecretCommand,
  ResourceExistsException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { DEFAULT_KEY_RING_POLICY, newRing } from '../../core/secrets/key-ring';
import { jsonOrUndefined } from '../../core/shared/json';
import type { PrepareEnvironment } from './environment';
import { writeSecretly } from './write-secretly';
import { filesIn } from './volumes';

const Kept = z.record(z.string(), z.string());

/** Whom the services log in as; it acts as the owner. */
const APP_USER = 'golive_app';
const CACHE_USER = 'golive';

/**
 * Puts the secrets into an emulator that has none. They are made once and kept in a volume, so that the servers, which
 * know the passwords, and an emulator that has begun anew agree.
 *
 * @returns the names of those that were missing
 */
export async function makeSecrets(
  secretsManager: SecretsManagerClient,
  environment: PrepareEnvironment,
): Promise<string[]> {
  const file = filesIn(environment.FOLDER).secrets;
  const kept = Kept.safeParse(jsonOrUndefined(await readFile(file, 'utf8').catch(() => undefined))).data;
  const secrets = { ...newSecrets(environment), ...kept };
  await writeSecretly(file, JSON.stringify(secrets));
  const made: string[] = [];
  for (const [arn, value] of Object.entries(secrets)) {
    const name = arn.split(':secret:')[1];
    try {
      await secretsManager.send(new CreateSecretCommand({ Name: name, SecretString: value }));
      made.push(String(name));
    } catch (error) {
      if (!(error instanceof ResourceExistsException)) throw error;
    }
  }
  return made;
}

function newSecrets(environment: PrepareEnvironment): Record<string, string> {
  const { DATABASE_SECRET_ARN, CACHE_SECRET_ARN, JWT_SECRET_ARN } = environment;
  const secrets: readonly [arn: string, value: object][] = [
    [
      DATABASE_SECRET_ARN,
      {
        engine: 'postgres',
        host: environment.DATABASE_HOST,
        port: environment.DATABASE_PORT,
        dbname: environment.DATABASE_NAME,
        username: APP_USER,
        password: newPassword(),
      },
    ],
    [CACHE_SECRET_ARN, { username: CACHE_USER, password: newPassword() }],
    [JWT_SECRET_ARN, newRing('EdDSA', new Date(), DEFAULT_KEY_RING_POLICY)],
  ];
  return Object.fromEntries(secrets.map(([arn, value]) => [arn, JSON.stringify(value)]));
}

export function newPassword(): string {
  return randomBytes(30).toString('base64url');
}
