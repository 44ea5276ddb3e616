import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { bootstrapRoles } from '../../core/secrets/bootstrap';
import {
  currentKey,
  KeyRing,
  keyRingStrategy,
  newRing,
  type KeyRingPolicy,
} from '../../core/secrets/key-ring';
import {
  alternatingUsers,
  runRotationStep,
  singleUser,
  type RotationStrategy,
} from '../../core/secrets/rotation';
import { destroyClients, startEmulator } from '../../local/emulator';
import { startPostgres, type LocalPostgres } from '../../local/postgres';
import { rotateSecret } from '../../local/rotation';
import { Supervisor } from '../../local/supervisor';

/** The secrets that rotate, one of each kind. */
export const KINDS = ['app', 'backup', 'jwt', 'data'] as const;
export type Kind = (typeof KINDS)[number];

/** A database with the product's roles, an emulated Secrets Manager with its secrets, and what rotates them. */
export interface RotationLab {
  readonly postgres: LocalPostgres;
  readonly secretsManager: SecretsManagerClient;
  readonly policy: KeyRingPolicy;
  readonly ids: Readonly<Record<Kind, string>>;
  /** Rotates one secret, in four steps, as Secrets Manager would. */
  rotate(kind: Kind): Promise<Rotation>;
  stop(): Promise<void>;
}

export interface Rotation {
  /** Of key rings, whether new things are made with another key than before; of others, always. */
  readonly isReplaced: boolean;
}

const OWNER = 'golive_owner';
const REGION = 'eu-west-1';
/**
 * Between two steps, milliseconds: as when the service calls a function. While it lasts after `setSecret`, the
 * database knows a password that the secret does not call current yet.
 */
const STEP_PAUSE_MS = 100;

export async function startRotationLab(policy: KeyRingPolicy): Promise<RotationLab> {
  const supervisor = Supervisor.start();
  try {
    const [postgres, { clients }] = await Promise.all([
      startPostgres({ supervisor, settings: { max_connections: '200' } }),
      startEmulator(supervisor, REGION),
    ]);
    const { secretsManager } = clients;
    const ids = await makeSecrets(postgres, secretsManager, policy);
    const strategies = strategiesOf(postgres, secretsManager, policy);
    return {
      postgres,
      secretsManager,
      policy,
      ids,
      rotate: (kind) => rotate(secretsManager, ids[kind], strategies[kind]),
      stop: async () => {
        destroyClients(clients);
        await supervisor.stop();
      },
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

async function makeSecrets(
  postgres: LocalPostgres,
  secretsManager: SecretsManagerClient,
  policy: KeyRingPolicy,
): Promise<Record<Kind, string>> {
  const { host, port, database, user, password } = postgres.master;
  const make = async (name: string, value: unknown): Promise<string> => {
    const command = new CreateSecretCommand({ Name: name, SecretString: JSON.stringify(value) });
    return (await secretsManager.send(command)).ARN!;
  };
  const place = { engine: 'postgres', host, port, dbname: database };
  const masterarn = await make('master', { ...place, username: user, password });
  const login = (username: string) => ({ username, password: randomBytes(24).toString('base64url') });
  const [app, backup] = [login('golive_app'), login('golive_backup')];
  await bootstrapRoles({ connect: postgres.master, owner: OWNER, app, backup });
  // Nobody has held an older ring, so the first turn need not wait for anybody to learn of the next key.
  const published = new Date(Date.now() - policy.publishSeconds * 1000);
  return {
    app: await make('app', { ...place, ...app, masterarn }),
    backup: await make('backup', { ...place, ...backup, masterarn }),
    jwt: await make('jwt', newRing('EdDSA', published, policy)),
    data: await make('data', newRing('A256GCM', published, policy)),
  };
}

type AnyStrategy = RotationStrategy<Record<string, unknown>>;

function strategiesOf(
  { caFile }: LocalPostgres,
  secretsManager: SecretsManagerClient,
  policy: KeyRingPolicy,
): Record<Kind, AnyStrategy> {
  const database = { secretsManager, caFile };
  return {
    app: alternatingUsers({ ...database, ownerRole: OWNER }),
    backup: singleUser({ ...database, mode: 'by-master', username: 'golive_backup', readOnly: true }),
    jwt: keyRingStrategy({ algorithm: 'EdDSA', policy }),
    data: keyRingStrategy({ algorithm: 'A256GCM', policy }),
  };
}

async function rotate(
  secretsManager: SecretsManagerClient,
  secretId: string,
  strategy: AnyStrategy,
): Promise<Rotation> {
  const before = await makes(secretsManager, secretId);
  await rotateSecret({
    secretsManager,
    secretId,
    onStep: () => pause(STEP_PAUSE_MS),
    invoke: async (event) => {
      const log = { info: () => undefined };
      await runRotationStep(event, { secretsManager, secretArn: secretId, strategy, log });
    },
  });
  return { isReplaced: (await makes(secretsManager, secretId)) !== before };
}

/** What new things are made with: the version; of a key ring, its current key. */
async function makes(secretsManager: SecretsManagerClient, SecretId: string): Promise<string | undefined> {
  // The emulator takes the first version that ever was for the current one unless the stage is named.
  const command = new GetSecretValueCommand({ SecretId, VersionStage: 'AWSCURRENT' });
  const { SecretString, VersionId } = await secretsManager.send(command);
  const ring = KeyRing.safeParse(JSON.parse(SecretString!));
  return ring.success ? currentKey(ring.data).kid : VersionId;
}
