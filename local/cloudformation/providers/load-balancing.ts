import { z } from 'zod';
import { LocalLoadBalancer } from '../../edge/load-balancer';
import type { Action, Condition } from '../../edge/rules';
import { TargetGroup } from '../../edge/target-group';
import type { ServicesParts } from '../../services/parts';
import { TemplateError } from '../intrinsics';
import { strictly, withoutEffect } from '../properties';
import type { MadeResource, PlatformParts, Provider, ResourceRequest } from '../provider';
import { modelledProviders } from './modelled';
import { NOT_RUN } from './services';

const Attributes = z.array(z.object({ Key: z.string(), Value: z.string() })).default([]);

const LoadBalancerProperties = z.object({
  Type: z.literal('application').default('application'),
  LoadBalancerAttributes: Attributes,
  ...withoutEffect('IpAddressType', 'Name', 'Scheme', 'SecurityGroups', 'Subnets', 'Tags'),
});

/** What the load balancer here does whatever is asked. */
const ALWAYS: Readonly<Record<string, string>> = {
  'routing.http.drop_invalid_header_fields.enabled': 'true',
  'routing.http.preserve_host_header.enabled': 'true',
  'routing.http.xff_header_processing.mode': 'append',
};
const IDLE_TIMEOUT = 'idle_timeout.timeout_seconds';
const WITHOUT_EFFECT =
  /^(access_logs|connection_logs|deletion_protection|routing\.http\.desync_mitigation_mode)\b/;

export const loadBalancerProvider: Provider = {
  treatment: 'executed',
  note: 'a small load balancer of this machine, on one free port without TLS, with the template’s rules, health checks and draining; its name tells the port. Logs, zones and a firewall are not played, and a new target is looked at at once instead of after the interval',
  async make(request, parts) {
    const { services } = parts;
    const made = await identityOf(request, parts);
    if (!services) return { ...made, ...NOT_RUN };
    const { LoadBalancerAttributes } = strictly(LoadBalancerProperties, request);
    const attributes = new Map(LoadBalancerAttributes.map(({ Key, Value }) => [Key, Value]));
    for (const [key, value] of attributes) {
      const isKnown = ALWAYS[key] === value || key === IDLE_TIMEOUT || WITHOUT_EFFECT.test(key);
      if (!isKnown)
        throw new TemplateError(
          `${request.path}: the local load balancer does not play ${key}=${value}: teach local/edge`,
        );
    }
    const balancer = await LocalLoadBalancer.open({
      idleTimeoutMs: Number(attributes.get(IDLE_TIMEOUT) ?? 60) * 1000,
    });
    services.balancers.set(made.ref, balancer);
    return { ...made, attributes: { ...made.attributes, DNSName: balancer.host } };
  },
};

const TargetGroupProperties = z.object({
  Protocol: z.literal('HTTP'),
  TargetType: z.literal('ip'),
  HealthCheckPath: z.string(),
  HealthCheckIntervalSeconds: z.number(),
  HealthCheckTimeoutSeconds: z.number(),
  HealthyThresholdCount: z.number(),
  UnhealthyThresholdCount: z.number(),
  Matcher: z.object({ HttpCode: z.string().regex(/^\d{3}(,\d{3})*$/, 'statuses such as "200"') }),
  TargetGroupAttributes: Attributes,
  ...withoutEffect('Name', 'Port', 'Tags', 'VpcId'),
});
const DEREGISTRATION_DELAY = 'deregistration_delay.timeout_seconds';

export const targetGroupProvider: Provider = {
  treatment: 'executed',
  note: 'which processes may have requests: its health check decides, and who goes is drained',
  async make(request, parts) {
    const { services } = parts;
    const made = await identityOf(request, parts);
    if (!services) return { ...made, ...NOT_RUN };
    const properties = strictly(TargetGroupProperties, request);
    const attributes = new Map(properties.TargetGroupAttributes.map(({ Key, Value }) => [Key, Value]));
    if ((attributes.get('stickiness.enabled') ?? 'false') !== 'false') {
      throw new TemplateError(
        `${request.path}: the local load balancer plays no stickiness: teach local/edge`,
      );
    }
    services.targetGroups.set(
      made.ref,
      new TargetGroup({
        name: request.path,
        deregistrationDelayMs: Number(attributes.get(DEREGISTRATION_DELAY) ?? 300) * 1000,
        healthCheck: {
          path: properties.HealthCheckPath,
          intervalMs: properties.HealthCheckIntervalSeconds * 1000,
          timeoutMs: properties.HealthCheckTimeoutSeconds * 1000,
          healthyThreshold: properties.HealthyThresholdCount,
          unhealthyThreshold: properties.UnhealthyThresholdCount,
          codes: properties.Matcher.HttpCode.split(',').map(Number),
        },
      }),
    );
    return made;
  },
};

const Actions = z
  .array(
    z.discriminatedUnion('Type', [
      z.object({ Type: z.literal('forward'), TargetGroupArn: z.string() }),
      z.object({
        Type: z.literal('fixed-response'),
        FixedResponseConfig: z.object({
          StatusCode: z.coerce.number(),
          ContentType: z.string().default('text/plain'),
          MessageBody: z.string().default(''),
        }),
      }),
    ]),
  )
  .length(1);

const ListenerProperties = z.object({
  DefaultActions: Actions,
  LoadBalancerArn: z.string(),
  Protocol: z.literal('HTTP', {
    error: 'the local load balancer speaks HTTP alone: set edge.plainHttp in the environment’s configuration',
  }),
  ...withoutEffect('ListenerAttributes', 'Port', 'Tags'),
});

export const listenerProvider: Provider = {
  treatment: 'executed',
  note: 'what becomes of a request that no rule is for',
  async make(request, parts) {
    const { services } = parts;
    const made = await identityOf(request, parts);
    if (!services) return { ...made, ...NOT_RUN };
    const { DefaultActions, LoadBalancerArn } = strictly(ListenerProperties, request);
    const balancer = balancerAt(services, LoadBalancerArn, request.path);
    balancer.listen(actionOf(DefaultActions, services, request.path));
    services.balancers.set(made.ref, balancer);
    return made;
  },
};

const RuleProperties = z.object({
  Actions,
  Conditions: z.array(
    z.discriminatedUnion('Field', [
      z.strictObject({
        Field: z.literal('path-pattern'),
        PathPatternConfig: z.object({ Values: z.array(z.string()) }),
      }),
      z.strictObject({
        Field: z.literal('host-header'),
        HostHeaderConfig: z.object({ Values: z.array(z.string()) }),
      }),
    ]),
  ),
  ListenerArn: z.string(),
  Priority: z.number(),
  ...withoutEffect('Tags'),
});

export const listenerRuleProvider: Provider = {
  treatment: 'executed',
  note: 'which requests are for which processes',
  async make(request, parts) {
    const { services } = parts;
    const made = await identityOf(request, parts);
    if (!services) return { ...made, ...NOT_RUN };
    const properties = strictly(RuleProperties, request);
    balancerAt(services, properties.ListenerArn, request.path).addRule({
      priority: properties.Priority,
      action: actionOf(properties.Actions, services, request.path),
      conditions: properties.Conditions.map((condition): Condition =>
        condition.Field === 'path-pattern'
          ? { field: condition.Field, values: condition.PathPatternConfig.Values }
          : { field: condition.Field, values: condition.HostHeaderConfig.Values },
      ),
    });
    return made;
  },
};

/** Its `Ref` and its attributes, which are the same whether it is played or not. */
async function identityOf(request: ResourceRequest, parts: PlatformParts): Promise<MadeResource> {
  return await modelledProviders[request.type]!.make(request, parts);
}

function balancerAt({ balancers }: ServicesParts, arn: string, path: string): LocalLoadBalancer {
  const balancer = balancers.get(arn);
  if (!balancer) throw new TemplateError(`${path}: there is no load balancer ${arn}`);
  return balancer;
}

function actionOf(actions: z.output<typeof Actions>, { targetGroups }: ServicesParts, path: string): Action {
  const action = actions[0]!;
  if (action.Type === 'fixed-response') {
    const { StatusCode, ContentType, MessageBody } = action.FixedResponseConfig;
    return { kind: 'answer', status: StatusCode, contentType: ContentType, body: MessageBody };
  }
  const group = targetGroups.get(action.TargetGroupArn);
  if (!group) throw new TemplateError(`${path}: there is no target group ${action.TargetGroupArn}`);
  return { kind: 'forward', group };
}
