import * as z from 'zod';

/**
 * What the gateway answers, as far as the frontend reads it. What else is in an answer is left out, so the gateway may
 * add to it; what is missing or of another kind is a {@link GatewayAnswerError}.
 */
const Timestamp = z.iso.datetime({ offset: true });
const Id = z.string().min(1).max(100);

export const User = z.object({ id: Id, email: z.string(), name: z.string() });
export type User = z.output<typeof User>;

export const OpenedSession = z.object({ token: z.string().min(1), expiresAt: Timestamp, user: User });
export type OpenedSession = z.output<typeof OpenedSession>;

export const Project = z.object({
  id: Id,
  name: z.string(),
  slug: z.string(),
  repository: z.string(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Project = z.output<typeof Project>;

export const ProjectPage = z.object({ items: z.array(Project), next: z.string().nullable() });
export type ProjectPage = z.output<typeof ProjectPage>;

/** A state that is not known here is shown by its name: the gateway may be newer than this page. */
const State = z.string().min(1).max(40);

export const Deployment = z.object({
  id: Id,
  projectId: Id,
  projectName: z.string().optional(),
  version: z.string(),
  commit: z.string(),
  environment: z.string(),
  state: State,
  createdAt: Timestamp,
  finishedAt: Timestamp.nullable(),
});
export type Deployment = z.output<typeof Deployment>;

/** A part that did not answer has no latency. Milliseconds. */
export const Part = z.object({ ok: z.boolean(), latencyMs: z.number().min(0).nullable() });
export type Part = z.output<typeof Part>;

export const Status = z.object({
  environment: z.string(),
  version: z.string(),
  database: Part,
  cache: Part,
  projects: z.int().min(0),
  deployments: z.object({ byState: z.record(State, z.int().min(0)) }),
  latest: z.array(Deployment),
});
export type Status = z.output<typeof Status>;
