import * as z from 'zod';
import type { Cache } from '../cache/cache';
import type { Database } from '../database/database';
import { Deployment, DeploymentState, toDeployment } from './shapes';

const Part = z.object({ ok: z.boolean(), latencyMs: z.number().nullable() });

/** What the status page shows. */
export const Status = z
  .object({
    environment: z.string(),
    version: z.string(),
    database: Part,
    cache: Part,
    projects: z.int(),
    deployments: z.object({ byState: z.record(DeploymentState, z.int()) }),
    latest: z.array(Deployment.extend({ projectName: z.string() })),
  })
  .meta({ id: 'Status' });

export type Status = z.output<typeof Status>;

export interface StatusOptions {
  readonly database: Pick<Database, '$queryRaw' | 'project' | 'deployment'>;
  readonly cache: Cache;
  readonly environment: string;
  readonly version: string;
  /** Milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** However many look at the page, the rows are counted so seldom. */
const LIVES_MS = 2_000;
const LATEST = 10;

/** The status, counted once for all who ask at about the same time. */
export function statusReader(options: StatusOptions): () => Promise<Status> {
  const { now = () => performance.now() } = options;
  let copy: { readonly status: Promise<Status>; readonly at: number } | undefined;
  return () => {
    if (!copy || now() - copy.at >= LIVES_MS) {
      const status = readStatus(options);
      copy = { status, at: now() };
      // A failure is not kept.
      status.catch(() => (copy = undefined));
    }
    return copy.status;
  };
}

async function readStatus({ database, cache, environment, version }: StatusOptions): Promise<Status> {
  const [databasePart, cachePart, projects, groups, latest] = await Promise.all([
    probe(() => database.$queryRaw`SELECT 1`),
    probe(() => cache.run((commands) => commands.ping())).catch(() => ({ ok: false, latencyMs: null })),
    database.project.count(),
    database.deployment.groupBy({ by: ['state'], _count: { _all: true } }),
    database.deployment.findMany({
      take: LATEST,
      orderBy: { id: 'desc' },
      include: { project: { select: { name: true } } },
    }),
  ]);
  const counted = new Map(groups.map(({ state, _count }) => [state, _count._all]));
  const byState = Object.fromEntries(
    DeploymentState.options.map((state) => [state, counted.get(state) ?? 0]),
  );
  return {
    environment,
    version,
    database: databasePart,
    cache: cachePart,
    projects,
    deployments: { byState: byState as Record<DeploymentState, number> },
    latest: latest.map(({ project, ...row }) => ({ ...toDeployment(row), projectName: project.name })),
  };
}

async function probe(ask: () => PromiseLike<unknown>): Promise<{ ok: boolean; latencyMs: number }> {
  const started = performance.now();
  await ask();
  return { ok: true, latencyMs: Math.round((performance.now() - started) * 10) / 10 };
}
