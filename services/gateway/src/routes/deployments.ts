import * as z from 'zod';
import type { App } from '../http/app-types';
import { entityTag } from '../http/entity-tag';
import { page, PageQuery } from '../http/page';
import { problemResponses } from '../http/problem';
import { Identifier } from '../http/text';
import type { Deployments } from '../projects/deployments';
import { Deployment, DeploymentChange, NewDeployment } from '../projects/shapes';
import { IfMatch } from './projects';
import { ALWAYS_POSSIBLE, BEARER, WITH_BODY, type RouteContext } from './route-context';

const Params = z.object({ id: Identifier });
const common = { tags: ['deployments'], security: BEARER };

export function deploymentRoutes(
  app: App,
  { authenticated, deployments }: RouteContext & { deployments: Deployments },
): void {
  app.route({
    method: 'GET',
    url: '/api/v1/projects/:id/deployments',
    onRequest: authenticated,
    schema: {
      ...common,
      operationId: 'listDeployments',
      summary: 'The deployments of a project, newest first',
      params: Params,
      querystring: PageQuery,
      response: {
        200: page(Deployment).describe('A page'),
        ...problemResponses('invalid-request', 'not-found', ...ALWAYS_POSSIBLE),
      },
    },
    handler: (request) => deployments.list(request.params.id, request.query),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/projects/:id/deployments',
    onRequest: authenticated,
    schema: {
      ...common,
      operationId: 'createDeployment',
      summary: 'Queue a deployment of a project',
      params: Params,
      body: NewDeployment,
      response: {
        201: Deployment.describe('The deployment; its entity tag is in ETag'),
        ...problemResponses(...WITH_BODY, 'not-found', ...ALWAYS_POSSIBLE),
      },
    },
    handler: async (request, reply) => {
      const { deployment, revision } = await deployments.create(request.params.id, request.body);
      return reply
        .code(201)
        .headers({ location: `/api/v1/deployments/${deployment.id}`, etag: entityTag(revision) })
        .send(deployment);
    },
  });

  app.route({
    method: 'GET',
    url: '/api/v1/deployments/:id',
    onRequest: authenticated,
    schema: {
      ...common,
      operationId: 'readDeployment',
      summary: 'One deployment',
      params: Params,
      response: {
        200: Deployment.describe('The deployment; its entity tag is in ETag'),
        ...problemResponses('invalid-request', 'not-found', ...ALWAYS_POSSIBLE),
      },
    },
    handler: async (request, reply) => {
      const { deployment, revision } = await deployments.find(request.params.id);
      return reply.header('etag', entityTag(revision)).send(deployment);
    },
  });

  app.route({
    method: 'PATCH',
    url: '/api/v1/deployments/:id',
    onRequest: authenticated,
    schema: {
      ...common,
      operationId: 'moveDeployment',
      summary: 'Move a deployment on: queued, building, live or failed, rolled_back',
      params: Params,
      headers: IfMatch,
      body: DeploymentChange,
      response: {
        200: Deployment.describe('The deployment as it is now'),
        ...problemResponses(...WITH_BODY, 'not-found', 'conflict', 'precondition-failed', ...ALWAYS_POSSIBLE),
      },
    },
    handler: async (request, reply) => {
      const { state } = request.body;
      const { deployment, revision } = await deployments.move(
        request.params.id,
        state,
        request.headers['if-match'],
      );
      return reply.header('etag', entityTag(revision)).send(deployment);
    },
  });
}
