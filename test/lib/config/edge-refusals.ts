import type { Refusal } from './refusal';

const CERTIFICATE = 'certificate/01234567-89ab-cdef-0123-456789abcdef';
const noDomain = [
  ['tier', 'nonproduction'],
  ['domain', undefined],
] as const;

/** What is changed in production's edge, and what is said about it. */
export const EDGE_REFUSED: readonly Refusal[] = [
  [
    'HTTP without TLS where there is a domain',
    [['edge.plainHttp', true]],
    /^edge\.plainHttp: got true, allowed: false while there is a domain/,
  ],
  [
    'HTTP without TLS in production',
    [['edge.plainHttp', true]],
    /^edge\.plainHttp: got true, allowed: false in production/,
  ],
  [
    'neither a domain nor HTTP without TLS',
    [...noDomain],
    /^edge\.plainHttp: got nothing, allowed: true while there is no domain/,
  ],
  [
    'a zone without a domain',
    [...noDomain, ['edge.plainHttp', true]],
    /^edge\.hostedZone: got .*allowed: nothing while there is no domain/,
  ],
  [
    'a certificate without a domain',
    [...noDomain, ['edge.certificateArn', `arn:aws:acm:eu-central-1:333333333333:${CERTIFICATE}`]],
    /^edge\.certificateArn: got .*allowed: nothing while there is no domain/,
  ],
  [
    'a domain without zone or certificate',
    [['edge.hostedZone', undefined]],
    /^edge\.hostedZone: got nothing, allowed: the id and name of the zone.*or edge\.certificateArn/,
  ],
  [
    "somebody else's zone",
    [['edge.hostedZone.name', 'olive.example']],
    /^edge\.hostedZone\.name: got "olive\.example", allowed: "golive\.example" or a domain above it/,
  ],
  [
    'a zone by its whole path, as the console copies it',
    [['edge.hostedZone.id', '/hostedzone/Z0123456789']],
    /^edge\.hostedZone\.id: got .*allowed: the id of a hosted zone, such as "Z0/,
  ],
  [
    "another region's certificate",
    [['edge.certificateArn', `arn:aws:acm:us-east-1:333333333333:${CERTIFICATE}`]],
    /^edge\.certificateArn: got .*allowed: a certificate of eu-central-1 in account 333333333333/,
  ],
  [
    "another account's certificate",
    [['edge.certificateArn', `arn:aws:acm:eu-central-1:111111111111:${CERTIFICATE}`]],
    /^edge\.certificateArn: got .*allowed: a certificate of eu-central-1 in account 333333333333/,
  ],
  [
    'more sign-ins than requests',
    [['edge.waf.loginsPer5Minutes', 3000]],
    /^edge\.waf\.loginsPer5Minutes: got 3000, allowed: less than edge\.waf\.requestsPer5Minutes \(3000\)/,
  ],
  [
    'fewer sign-ins than AWS counts',
    [['edge.waf.loginsPer5Minutes', 9]],
    /^edge\.waf\.loginsPer5Minutes: got 9, allowed: at least 10/,
  ],
  [
    'a load balancer in production that anybody may delete',
    [['edge.deletionProtection', false]],
    /^edge\.deletionProtection: got false, allowed: true in production/,
  ],
  [
    'production without a firewall',
    [['edge.waf', undefined]],
    /^edge\.waf: got nothing, allowed: a firewall in production/,
  ],
];
