import * as z from 'zod';
import type { CachedReads } from '../cache/cached-reads';
import type { Database } from '../database/database';
import { Prisma } from '../generated/prisma/client';
import { changedMeanwhile, refuseUnseen } from '../http/entity-tag';
import { pageArguments, pageOf, type PageQuery } from '../http/page';
import { ProblemError } from '../http/problem';
import { type NewProject, Project, type ProjectChange, slugOf, toProject } from './shapes';

/** A project, and which revision of it. */
export const KnownProject = z.object({ project: Project, revision: z.int() });
export type KnownProject = z.output<typeof KnownProject>;

/** Projects, of which everybody who is signed in sees all: they are one team. */
export class Projects {
  constructor(
    private readonly database: Pick<Database, 'project'>,
    private readonly cached: Pick<CachedReads<KnownProject>, 'read' | 'forget'>,
  ) {}

  async list(query: PageQuery) {
    return pageOf(await this.database.project.findMany(pageArguments(query)), query, toProject);
  }

  /** @throws ProblemError when there is none */
  async find(id: string): Promise<KnownProject> {
    const found = await this.cached.read(id, async () => {
      const row = await this.database.project.findUnique({ where: { id } });
      return row ? known(row) : undefined;
    });
    return found ?? refuseUnknown(id);
  }

  /** @throws ProblemError when another has the slug */
  async create({
    name,
    slug = slugOf(name),
    repository,
  }: z.output<typeof NewProject>): Promise<KnownProject> {
    if (slug === '') {
      throw new ProblemError('invalid-request', 'No slug can be made of this name; give one.', {
        errors: [{ pointer: '/body/slug', detail: 'required for this name' }],
      });
    }
    try {
      return known(await this.database.project.create({ data: { name, slug, repository } }));
    } catch (error) {
      if (!isPrismas(error, 'P2002')) throw error;
      throw new ProblemError('conflict', `Another project is called "${slug}".`, { cause: error });
    }
  }

  /** @throws ProblemError when there is none, or it is not as who changes it has seen it */
  async change(
    id: string,
    change: z.output<typeof ProjectChange>,
    ifMatch: string | undefined,
  ): Promise<KnownProject> {
    const revision = await this.#revisionToChange(id, ifMatch);
    const { name, repository } = change;
    try {
      const row = await this.database.project.update({
        where: { id, ...(revision !== undefined && { revision }) },
        data: { ...(name !== undefined && { name }), ...(repository !== undefined && { repository }) },
      });
      return known(row);
    } catch (error) {
      // None that matches: gone, or changed since it was looked at.
      if (isPrismas(error, 'P2025')) throw revision === undefined ? unknown(id) : changedMeanwhile();
      throw error;
    } finally {
      // Also after a failure: a statement whose answer was lost may have been carried out.
      await this.cached.forget(id);
    }
  }

  /** With its deployments. @throws ProblemError as {@link change} does */
  async remove(id: string, ifMatch: string | undefined): Promise<void> {
    const revision = await this.#revisionToChange(id, ifMatch);
    try {
      const { count } = await this.database.project.deleteMany({
        where: { id, ...(revision !== undefined && { revision }) },
      });
      if (count === 0) throw revision === undefined ? unknown(id) : changedMeanwhile();
    } finally {
      await this.cached.forget(id);
    }
  }

  /** Which revision alone may be changed; undefined for any. */
  async #revisionToChange(id: string, ifMatch: string | undefined): Promise<number | undefined> {
    if (ifMatch === undefined) return undefined;
    const row = await this.database.project.findUnique({ where: { id }, select: { revision: true } });
    const { revision } = row ?? refuseUnknown(id);
    refuseUnseen(ifMatch, revision);
    return revision;
  }
}

function known(row: Parameters<typeof toProject>[0]): KnownProject {
  return { project: toProject(row), revision: row.revision };
}

function unknown(id: string): ProblemError {
  return new ProblemError('not-found', `There is no project ${id}.`);
}

function refuseUnknown(id: string): never {
  throw unknown(id);
}

/** https://www.prisma.io/docs/orm/reference/error-reference */
function isPrismas(error: unknown, code: string): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === code;
}
