import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';

/** What a load balancer takes in one rule. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html */
const CONDITION_VALUES = 5;

/** Browsers remember for so long to come by HTTPS only, seconds: a year. Subdomains are somebody else's to promise. */
const HSTS = 'max-age=31536000';

/**
 * The listener that requests are taken from. With a certificate it speaks TLS 1.3 and 1.2 with forward secrecy and
 * without CBC, and a second one sends whoever comes by HTTP there.
 *
 * @param tls @default HTTP
 */
export function addListener(
  loadBalancer: elb.ApplicationLoadBalancer,
  tls?: { readonly certificate: ICertificate; readonly domain: string },
): elb.ApplicationListener {
  const http = loadBalancer.addListener('Http', {
    protocol: elb.ApplicationProtocol.HTTP,
    open: false, // the security group says who comes in
    defaultAction: notFound(),
  });
  hideServer(http);
  if (!tls) return http;

  // To the domain by name, so that nobody is sent where a request's own Host header says.
  http.addAction('ToHttps', {
    priority: 1,
    conditions: [elb.ListenerCondition.hostHeaders([tls.domain])],
    action: elb.ListenerAction.redirect({
      host: tls.domain,
      protocol: 'HTTPS',
      port: '443',
      permanent: true,
    }),
  });
  const https = loadBalancer.addListener('Https', {
    protocol: elb.ApplicationProtocol.HTTPS,
    certificates: [tls.certificate],
    sslPolicy: elb.SslPolicy.TLS13_12_RES_PQ,
    open: false,
    defaultAction: notFound(),
  });
  hideServer(https, {
    key: 'routing.http.response.strict_transport_security.header_value',
    value: HSTS,
  });
  return https;
}

/**
 * When a request is for these targets. There is always a condition: what none names gets 404.
 *
 * @throws Error when there are more values than a rule can hold
 */
export function rulesOf(
  id: string,
  domain: string | undefined,
  pathPatterns: readonly string[] | undefined,
): elb.ListenerCondition[] {
  const paths = pathPatterns ?? (domain === undefined ? ['/*'] : []);
  const most = CONDITION_VALUES - (domain === undefined ? 0 : 1);
  if (paths.length > most || pathPatterns?.length === 0) {
    throw new Error(
      `targets "${id}" have ${paths.length} path patterns: 1 to ${most} are possible, or none given`,
    );
  }
  return [
    ...(domain === undefined ? [] : [elb.ListenerCondition.hostHeaders([domain])]),
    ...(paths.length === 0 ? [] : [elb.ListenerCondition.pathPatterns([...paths])]),
  ];
}

function notFound(): elb.ListenerAction {
  return elb.ListenerAction.fixedResponse(404, { contentType: 'text/plain', messageBody: 'Not found' });
}

/** Attributes of a listener, which CDK has no words for yet: the load balancer does not tell its kind. */
function hideServer(
  listener: elb.ApplicationListener,
  ...more: elb.CfnListener.ListenerAttributeProperty[]
): void {
  (listener.node.defaultChild as elb.CfnListener).listenerAttributes = [
    { key: 'routing.http.response.server.enabled', value: 'false' },
    ...more,
  ];
}
