import { Duration } from 'aws-cdk-lib';

/**
 * For so long the load balancer keeps a connection on which nothing moves.
 *
 * It must be the first to hang up: a target that closes an idle connection at the moment in which a request is put on it
 * is answered for with a 502 that nobody can explain. So a service keeps connections longer: 60 s, and 5 s for clocks and
 * packets that are late, are Node's `keepAliveTimeout` of 65,000 ms. A test compares the two.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#connection-idle-timeout
 */
export const IDLE_TIMEOUT = Duration.seconds(60);
