import type * as z from 'zod';
import type { Database } from '../database/database';
import { Prisma, type Deployment as DeploymentRow } from '../generated/prisma/client';
import { changedMeanwhile, refuseUnseen } from '../http/entity-tag';
import { pageArguments, pageOf, type PageQuery } from '../http/page';
import { ProblemError } from '../http/problem';
import { isUnderWay, refuseImpossible } from './deployment-states';
import { type Deployment, type DeploymentState, type NewDeployment, toDeployment } from './shapes';

export interface KnownDeployment {
  readonly deployment: Deployment;
  readonly revision: number;
}

/** What was deployed of a project where, and what became of it. */
export class Deployments {
  constructor(private readonly database: Pick<Database, 'deployment' | 'project'>) {}

  /** @throws ProblemError when there is no such project */
  async list(projectId: string, query: PageQuery) {
    const { where, ...page } = { where: {}, ...pageArguments(query) };
    const rows = await this.database.deployment.findMany({ ...page, where: { ...where, projectId } });
    if (rows.length === 0 && !(await this.#isProject(projectId))) throw unknownProject(projectId);
    return pageOf(rows, query, toDeployment);
  }

  /** @throws ProblemError when there is no such project */
  async create(projectId: string, wanted: z.output<typeof NewDeployment>): Promise<KnownDeployment> {
    try {
      return known(await this.database.deployment.create({ data: { ...wanted, projectId } }));
    } catch (error) {
      if (!isForeignKeyViolation(error)) throw error;
      throw unknownProject(projectId, error);
    }
  }

  /** @throws ProblemError when there is none */
  async find(id: string): Promise<KnownDeployment> {
    const row = await this.database.deployment.findUnique({ where: { id } });
    if (row) return known(row);
    throw new ProblemError('not-found', `There is no deployment ${id}.`);
  }

  /**
   * The next state. Two who ask for one at once: the second is told that it was changed, for what is possible now is
   * not what it saw.
   *
   * @throws ProblemError when there is none, the state cannot follow, or it was changed meanwhile
   */
  async move(id: string, state: DeploymentState, ifMatch: string | undefined): Promise<KnownDeployment> {
    const { deployment, revision } = await this.find(id);
    refuseUnseen(ifMatch, revision);
    refuseImpossible(deployment.state, state);
    const hasEnded = isUnderWay(deployment.state) && !isUnderWay(state);
    const [row] = await this.database.deployment.updateManyAndReturn({
      where: { id, revision },
      data: { state, ...(hasEnded && { finishedAt: new Date() }) },
    });
    if (!row) throw changedMeanwhile();
    return known(row);
  }

  async #isProject(id: string): Promise<boolean> {
    return (await this.database.project.count({ where: { id } })) > 0;
  }
}

function known(row: DeploymentRow): KnownDeployment {
  return { deployment: toDeployment(row), revision: row.revision };
}

function unknownProject(id: string, cause?: unknown): ProblemError {
  return new ProblemError('not-found', `There is no project ${id}.`, { cause });
}

function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2003';
}
