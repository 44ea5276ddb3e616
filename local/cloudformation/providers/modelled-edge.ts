import { physicalName, type ResourceRequest } from '../provider';
import type { Model } from './model';

const EDGE = 'no load balancer stands here: a service is reached at its own port';
const FIREWALL = 'no firewall stands here; tests read its rules from the template';
const DOMAIN = 'nothing here has a name of the internet';

const ELB = 'arn:aws:elasticloadbalancing::local:';

/** As ELB names things: `app/<name>/<id>`, with a name of 32 characters and an id of 16 hexadecimal digits. */
function partsOf(request: ResourceRequest, id: string): { name: string; path: string } {
  const name = physicalName(request).slice(-32).replace(/^-+/, '');
  return { name, path: `${name}/${id.slice(0, 16)}` };
}

/** What stands between the internet and the services. */
export const EDGE_MODELS: Readonly<Record<string, Model>> = {
  'AWS::CertificateManager::Certificate': {
    note: DOMAIN,
    ref: (_, id) => `arn:aws:acm::local:certificate/${id}`,
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    note: EDGE,
    ref: (request, id) => `${ELB}loadbalancer/app/${partsOf(request, id).path}`,
    attributes: (request, id) => {
      const { name, path } = partsOf(request, id);
      return {
        CanonicalHostedZoneID: 'ZLOCAL',
        DNSName: 'localhost',
        LoadBalancerArn: `${ELB}loadbalancer/app/${path}`,
        LoadBalancerFullName: `app/${path}`,
        LoadBalancerName: name,
      };
    },
  },
  // Templates take the load balancer's name out of its listener's.
  'AWS::ElasticLoadBalancingV2::Listener': {
    note: EDGE,
    ref: listenerArn,
    attributes: (request, id) => ({ ListenerArn: listenerArn(request, id) }),
  },
  'AWS::ElasticLoadBalancingV2::ListenerRule': { note: EDGE, ref: ruleArn },
  'AWS::ElasticLoadBalancingV2::TargetGroup': {
    note: EDGE,
    ref: (request, id) => `${ELB}targetgroup/${partsOf(request, id).path}`,
    attributes: (request, id) => {
      const { name, path } = partsOf(request, id);
      return {
        TargetGroupArn: `${ELB}targetgroup/${path}`,
        TargetGroupFullName: `targetgroup/${path}`,
        TargetGroupName: name,
      };
    },
  },
  'AWS::Logs::ResourcePolicy': {
    note: 'the emulator enforces no permissions; tests read the policies from the template',
    ref: ({ properties }) => String(properties['PolicyName']),
  },
  'AWS::Route53::RecordSet': { note: DOMAIN, ref: ({ properties }) => String(properties['Name']) },
  'AWS::WAFv2::LoggingConfiguration': {
    note: FIREWALL,
    ref: ({ properties }) => String(properties['ResourceArn']),
  },
  'AWS::WAFv2::WebACL': {
    note: FIREWALL,
    ref: (request, id) => `${nameOf(request)}|${id}|REGIONAL`,
    attributes: (request, id) => ({
      Arn: `arn:aws:wafv2::local:regional/webacl/${nameOf(request)}/${id}`,
      Id: id,
    }),
  },
  'AWS::WAFv2::WebACLAssociation': { note: FIREWALL },
};

function listenerArn({ properties }: ResourceRequest, id: string): string {
  return `${String(properties['LoadBalancerArn']).replace(':loadbalancer/', ':listener/')}/${id.slice(0, 16)}`;
}

function ruleArn({ properties }: ResourceRequest, id: string): string {
  return `${String(properties['ListenerArn']).replace(':listener/', ':listener-rule/')}/${id.slice(0, 16)}`;
}

function nameOf(request: ResourceRequest): string {
  const { Name } = request.properties;
  return typeof Name === 'string' ? Name : physicalName(request);
}
