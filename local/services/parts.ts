import type { LocalLoadBalancer } from '../edge/load-balancer';
import type { TargetGroup } from '../edge/target-group';
import type { SpanSink } from '../span-sink';
import type { ServiceBuilds } from './builds';
import type { Surroundings } from './differences';
import type { LocalService } from './service';

/** What the services run on, and what is made of them while their stack is deployed. */
export interface ServicesParts {
  readonly builds: ServiceBuilds;
  /** Plays every collector. */
  readonly spans: SpanSink;
  readonly surroundings: () => Surroundings;
  /** The load balancers of the template, by their ARN and by their listeners'. */
  readonly balancers: Map<string, LocalLoadBalancer>;
  /** By their ARN. */
  readonly targetGroups: Map<string, TargetGroup>;
  /** Where services find one another, by what they call: `gateway:8081`. */
  readonly names: Map<string, { readonly balancer: LocalLoadBalancer; readonly group: TargetGroup }>;
  /** By name. */
  readonly services: Map<string, LocalService>;
}
