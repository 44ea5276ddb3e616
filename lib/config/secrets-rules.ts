import { rotatesDuring, rotationWindows } from './rotation';
import { type Rule, runs, unless } from './rule';
import { weeklyWindow } from './schedule';
import type { EnvironmentConfig } from './schema';

type Rotated = keyof EnvironmentConfig['secrets']['rotation'];

/** Whom a dump, or an instance that is away for maintenance, keeps from being rotated. */
const IN_THE_DATABASE = ['master', 'app', 'backup'] as const satisfies readonly Rotated[];
const ROTATED = [...IN_THE_DATABASE, 'cache', 'jwt', 'data'] as const satisfies readonly Rotated[];

/** For so long a dump by the task opens connections. */
const TASK_HOURS = 4;

const fieldOf = (name: Rotated) => `secrets.rotation.${name}`;

/** What must hold of the secrets in every environment. */
export const SECRETS_RULES: readonly Rule[] = [
  {
    field: 'secrets.subnets',
    reads: ['network.nat'],
    broken: unless(
      (c) => c.network.nat !== 'none' || c.secrets?.subnets !== 'egress',
      '"isolated", as network.nat is "none"',
    ),
  },
  {
    field: 'network.interfaceEndpoints',
    reads: ['secrets.subnets'],
    broken: unless(
      (c) => c.secrets.subnets === 'egress' || c.network.interfaceEndpoints.includes('secretsmanager'),
      'a list with "secretsmanager", as functions in isolated subnets rotate secrets there',
    ),
  },
  {
    field: 'network.interfaceEndpoints',
    reads: ['backup.dump.subnets'],
    broken: unless(
      (c) =>
        (c.secrets?.subnets ?? c.backup.dump.subnets) === 'egress' ||
        c.network.interfaceEndpoints.includes('ssm'),
      'a list with "ssm", as functions in isolated subnets that rotate secrets ask there where their records go',
    ),
  },
  {
    field: 'sentry',
    reads: ['secrets.subnets'],
    broken: unless(
      (c) => !c.sentry || c.secrets.subnets === 'egress',
      'false while secrets.subnets is "isolated": Sentry is on the internet',
    ),
  },
  {
    field: 'secrets.publishMinutes',
    reads: ['secrets.publishMinutes', 'secrets.cacheSeconds'],
    broken: (c) => {
      const least = Math.ceil(c.secrets.cacheSeconds / 60);
      return c.secrets.publishMinutes >= least
        ? undefined
        : `at least ${least}: secrets.cacheSeconds (${c.secrets.cacheSeconds}), by when no service uses a ring without the key`;
    },
  },
  ...ROTATED.map((name): Rule => ({
    field: fieldOf(name),
    reads: [fieldOf(name)],
    broken: unless(({ secrets }) => {
      const { hour, windowHours } = secrets.rotation[name];
      return hour + windowHours <= 24;
    }, 'a window that closes before the day ends, UTC, as Secrets Manager wants'),
  })),
  ...IN_THE_DATABASE.flatMap((name): Rule[] => [
    {
      field: fieldOf(name),
      reads: [fieldOf(name), 'backup.dump.schedule'],
      broken: ({ secrets, backup }) => {
        const isByTask = (backup.dump.runner ?? 'function') !== 'function';
        const dumps = runs(backup.dump.schedule, isByTask ? TASK_HOURS * 60 : undefined);
        return rotatesDuring(secrets.rotation[name], dumps)
          ? `a window outside the dumps, which open connections for ${isByTask ? `${TASK_HOURS} hours` : '15 minutes'} from backup.dump.schedule`
          : undefined;
      },
    },
    {
      field: fieldOf(name),
      reads: [fieldOf(name), 'database.maintenanceWindow'],
      broken: unless(
        ({ secrets, database }) =>
          !rotatesDuring(secrets.rotation[name], [weeklyWindow(database.maintenanceWindow)]),
        'a window outside database.maintenanceWindow, when the instance may be away',
      ),
    },
  ]),
  ...(['app', 'backup'] as const).map((name): Rule => ({
    field: fieldOf(name),
    reads: [fieldOf(name), fieldOf('master')],
    broken: unless(
      ({ secrets: { rotation } }) => !rotatesDuring(rotation[name], rotationWindows(rotation.master)),
      'a window outside that of secrets.rotation.master, who changes this password',
    ),
  })),
];

/** What production must have on top. */
export const SECRETS_GUARD_RAILS: readonly Rule[] = [
  {
    field: 'secrets.replicate',
    reads: ['secrets.replicate'],
    broken: unless(
      (c) => c.secrets.replicate,
      'true in production: without the key ring "data" a restored database cannot be read',
    ),
  },
];
