import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { AaaaRecord, ARecord, HostedZone, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../../config';

type EdgeConfig = EnvironmentConfig['edge'];

/**
 * The domain's certificate: the one that is there, or a new one that its own zone validates.
 *
 * @returns undefined where people come without TLS
 * @throws Error when there is a domain and no certificate for it, or neither a domain nor `plainHttp`
 */
export function certificateOf(
  scope: Construct,
  { certificateArn, hostedZone, plainHttp }: EdgeConfig,
  domain: string | undefined,
): ICertificate | undefined {
  if (domain === undefined) {
    if (!plainHttp)
      throw new Error('there is no domain for a certificate: set "domain", or "edge.plainHttp"');
    return undefined;
  }
  if (certificateArn !== undefined) {
    return Certificate.fromCertificateArn(scope, 'Certificate', certificateArn);
  }
  if (!hostedZone) {
    throw new Error(`no certificate for ${domain}: set "edge.hostedZone" or "edge.certificateArn"`);
  }
  return new Certificate(scope, 'Certificate', {
    domainName: domain,
    validation: CertificateValidation.fromDns(zoneOf(scope, hostedZone)),
  });
}

/** Where the domain is found. AAAA answers nothing until the VPC, and with it the load balancer, speaks IPv6. */
export function addAddress(
  scope: Construct,
  loadBalancer: ApplicationLoadBalancer,
  hostedZone: NonNullable<EdgeConfig['hostedZone']>,
  domain: string,
): void {
  const props = {
    zone: zoneOf(scope, hostedZone),
    recordName: domain,
    target: RecordTarget.fromAlias(new LoadBalancerTarget(loadBalancer)),
  };
  new ARecord(scope, 'Address', props);
  new AaaaRecord(scope, 'AddressV6', props);
}

/** By id and name, because looking it up takes credentials. */
function zoneOf(scope: Construct, { id, name }: NonNullable<EdgeConfig['hostedZone']>): IHostedZone {
  return (
    (scope.node.tryFindChild('Zone') as IHostedZone | undefined) ??
    HostedZone.fromHostedZoneAttributes(scope, 'Zone', { hostedZoneId: id, zoneName: name })
  );
}
