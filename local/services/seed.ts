import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { GoLiveError } from '../../core/shared/errors';
import type { LocalServices } from './run-services';

/** Somebody to sign in as. The password is of this run alone. */
export interface DemoUser {
  readonly email: string;
  readonly password: string;
}

export interface Seeded extends DemoUser {
  readonly projects: number;
  readonly deployments: number;
}

/** The API did not take what we wanted to fill it with. */
export class SeedError extends GoLiveError {
  readonly code = 'SeedError';
}

const EMAIL = 'demo@golive.example';
const NAME = 'Demo';

interface Example {
  readonly name: string;
  readonly repository: string;
  /** Oldest first: where it was deployed, and the states that it went through. */
  readonly deployments: readonly (readonly [
    version: string,
    environment: string,
    ...states: readonly string[],
  ])[];
}

const EXAMPLES: readonly Example[] = [
  {
    name: 'Storefront',
    repository: 'https://git.golive.example/storefront',
    deployments: [
      ['4.1.0', 'prod', 'building', 'live', 'rolled_back'],
      ['4.1.1', 'prod', 'building', 'live'],
      ['4.2.0', 'staging', 'building', 'live'],
    ],
  },
  {
    name: 'Billing',
    repository: 'https://git.golive.example/billing',
    deployments: [
      ['2026.47', 'prod', 'building', 'live'],
      ['2026.48', 'staging', 'building', 'failed'],
    ],
  },
  {
    name: 'Search',
    repository: 'https://git.golive.example/search',
    deployments: [['0.9.3', 'dev', 'building']],
  },
];

const Session = z.object({ token: z.string() });
const Made = z.object({ id: z.string() });

/**
 * Makes a user by the gateway's own command, and some projects with deployments by its API, through the load balancer.
 *
 * @throws TaskFailedError, SeedError
 */
export async function seedServices(services: LocalServices): Promise<Seeded> {
  const password = randomBytes(15).toString('base64url');
  await services.run('gateway', {
    command: ['node', '/app/main.js', 'create-user', '--email', EMAIL, '--name', NAME],
    input: password,
  });
  const { token } = Session.parse(
    await call(services, 'POST', 'sessions', undefined, { email: EMAIL, password }),
  );
  let deployments = 0;
  for (const { name, repository, deployments: wanted } of EXAMPLES) {
    const project = Made.parse(await call(services, 'POST', 'projects', token, { name, repository }));
    for (const [version, environment, ...states] of wanted) {
      const commit = randomBytes(20).toString('hex');
      const body = { version, environment, commit };
      const made = await call(services, 'POST', `projects/${project.id}/deployments`, token, body);
      const { id } = Made.parse(made);
      for (const state of states) await call(services, 'PATCH', `deployments/${id}`, token, { state });
      deployments += 1;
    }
  }
  await call(services, 'DELETE', 'sessions/current', token);
  return { email: EMAIL, password, projects: EXAMPLES.length, deployments };
}

async function call(
  { origin }: LocalServices,
  method: string,
  path: string,
  token: string | undefined,
  body?: object,
): Promise<unknown> {
  const response = await fetch(`${origin}/api/v1/${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (response.ok) return answer === '' ? undefined : (JSON.parse(answer) as unknown);
  throw new SeedError(
    `${method} /api/v1/${path} was answered with ${response.status}: ${answer.slice(0, 500)}; see the gateway's log`,
  );
}
