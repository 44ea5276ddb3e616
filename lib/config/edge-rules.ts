import { type Rule, unless } from './rule';
import type { EnvironmentConfig } from './schema';

/** Of production a guard rail says that there must be a domain, and nothing else is to be said before that. */
const mayHaveNoDomain = (c: EnvironmentConfig) => c.domain === undefined && c.tier !== 'production';

/** What must hold of the edge in every environment. */
export const EDGE_RULES: readonly Rule[] = [
  {
    field: 'edge.plainHttp',
    reads: ['domain'],
    broken: unless((c) => !c.edge.plainHttp, 'false while there is a domain, which can have a certificate'),
  },
  {
    field: 'edge.plainHttp',
    broken: unless(
      (c) => !mayHaveNoDomain(c) || c.edge.plainHttp,
      'true while there is no domain: nothing else has a certificate',
    ),
  },
  ...(['hostedZone', 'certificateArn'] as const).map((name): Rule => ({
    field: `edge.${name}`,
    broken: unless(
      (c) => !mayHaveNoDomain(c) || c.edge[name] === undefined,
      'nothing while there is no domain',
    ),
  })),
  {
    field: 'edge.hostedZone',
    reads: ['domain'],
    broken: unless(
      (c) => c.edge.hostedZone !== undefined || c.edge.certificateArn !== undefined,
      'the id and name of the zone that the domain lies in, or edge.certificateArn: there must be a certificate',
    ),
  },
  {
    field: 'edge.hostedZone.name',
    reads: ['domain', 'edge.hostedZone.name'],
    broken: ({ domain = '', edge: { hostedZone } }) =>
      hostedZone === undefined || `.${domain}`.endsWith(`.${hostedZone.name}`)
        ? undefined
        : `"${domain}" or a domain above it`,
  },
  {
    field: 'edge.certificateArn',
    reads: ['edge.certificateArn', 'region', 'account'],
    broken: ({ edge, region, account }) =>
      edge.certificateArn === undefined ||
      edge.certificateArn.startsWith(`arn:aws:acm:${region}:${account}:certificate/`)
        ? undefined
        : `a certificate of ${region} in account ${account}: a load balancer takes no other`,
  },
  {
    field: 'edge.waf.loginsPer5Minutes',
    reads: ['edge.waf.requestsPer5Minutes', 'edge.waf.loginsPer5Minutes'],
    broken: ({ edge: { waf } }) =>
      waf === undefined || waf.loginsPer5Minutes < waf.requestsPer5Minutes
        ? undefined
        : `less than edge.waf.requestsPer5Minutes (${waf.requestsPer5Minutes}), which counts them, too`,
  },
];

/** What production must have on top. */
export const EDGE_GUARD_RAILS: readonly Rule[] = [
  { field: 'edge.plainHttp', broken: unless((c) => !c.edge.plainHttp, 'false in production') },
  {
    field: 'edge.deletionProtection',
    broken: unless((c) => c.edge.deletionProtection, 'true in production'),
  },
  { field: 'edge.waf', broken: unless((c) => c.edge.waf !== undefined, 'a firewall in production') },
];
