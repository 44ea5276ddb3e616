import * as z from 'zod';
import type { App } from '../http/app-types';
import { entityTag, names } from '../http/entity-tag';
import { page, PageQuery } from '../http/page';
import { problemResponses } from '../http/problem';
import { Identifier } from '../http/text';
import type { Projects } from '../projects/projects';
import { NewProject, Project, ProjectChange } from '../projects/shapes';
import { ALWAYS_POSSIBLE, BEARER, WITH_BODY, type RouteContext } from './route-context';

const Params = z.object({ id: Identifier });
export const IfMatch = z.object({
  'if-match': z.string().max(200).optional().describe('Change only what has this entity tag'),
});
const IfNoneMatch = z.object({
  'if-none-match': z.string().max(200).optional().describe('Answer 304 if it still has this entity tag'),
});
const common = { tags: ['projects'], security: BEARER };

export function projectRoutes(
  app: App,
  { authenticated, projects }: RouteContext & { projects: Projects },
): void {
  app.route({
    method: 'GET',
    url: '/api/v1/projects',
    onRequest: authenticated,
    schema: {
      ...common,
      operationId: 'listProjects',
      summary: 'All projects, newest first',
      querystring: PageQuery,
      response: {
        200: page(Project).describe('A page'),
        ...problemResponses('invalid-request', ...ALWAYS_POSSIBLE),
      },
    },
    handler: (request) => projects.list(request.query),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/projects',
    onRequest: authenticated,
    schema: {
      ...common,
      operationId: 'createProject',
      summary: 'A new project',
      body: NewProject,
      response: {
        201: Project.describe('The project; its entity tag is in ETag'),
        ...problemResponses(...WITH_BODY, 'conflict', ...ALWAYS_POSSIBLE),
      },
    },
    handler: async (request, reply) => {
      const { project, revision } = await projects.create(request.body);
      return reply
        .code(201)
        .headers({ location: `/api/v1/projects/${project.id}`, etag: entityTag(revision) })
        .send(project);
    },
  });

  app.route({
    method: 'GET',
    url: '/api/v1/projects/:id',
    onRequest: authenticated,
    schema: {
      ...common,
      operationId: 'readProject',
      summary: 'One project',
      params: Params,
      headers: IfNoneMatch,
      response: {
        200: Project.describe('The project; its entity tag is in ETag'),
        304: z.undefined().describe('It has the entity tag that was named'),
        ...problemResponses('invalid-request', 'not-found', ...ALWAYS_POSSIBLE),
      },
    },
    handler: async (request, reply) => {
      const { project, revision } = await projects.find(request.params.id);
      const tag = entityTag(revision);
      // A browser may keep it and ask whether it still holds.
      void reply.headers({ etag: tag, 'cache-control': 'private, no-cache' });
      if (names(request.headers['if-none-match'] ?? '', tag)) return reply.code(304).send();
      return reply.code(200).send(project);
    },
  });

  app.route({
    method: 'PATCH',
    url: '/api/v1/projects/:id',
    onRequest: authenticated,
    schema: {
      ...common,
      operationId: 'changeProject',
      summary: 'Change a project',
      params: Params,
      headers: IfMatch,
      body: ProjectChange,
      response: {
        200: Project.describe('The project as it is now'),
        ...problemResponses(...WITH_BODY, 'not-found', 'precondition-failed', ...ALWAYS_POSSIBLE),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { project, revision } = await projects.change(id, request.body, request.headers['if-match']);
      return reply.header('etag', entityTag(revision)).send(project);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/projects/:id',
    onRequest: authenticated,
    schema: {
      ...common,
      operationId: 'deleteProject',
      summary: 'Delete a project with its deployments',
      params: Params,
      headers: IfMatch,
      response: {
        204: z.undefined().describe('It is gone'),
        ...problemResponses('invalid-request', 'not-found', 'precondition-failed', ...ALWAYS_POSSIBLE),
      },
    },
    handler: async (request, reply) => {
      await projects.remove(request.params.id, request.headers['if-match']);
      return reply.code(204).send();
    },
  });
}
