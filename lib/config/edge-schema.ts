import { z } from 'zod';

/** What stands in front of the services: the load balancer, its certificate and its firewall. */
export const Edge = z.strictObject({
  /**
   * The public hosted zone of Route 53 that `domain` lies in: the certificate is validated there, and the address is
   * written there. @default somebody else keeps the domain's records; then `certificateArn` is needed
   */
  hostedZone: z
    .strictObject({
      id: z.string().regex(/^Z[A-Z0-9]{5,31}$/, 'the id of a hosted zone, such as "Z0123456789ABCDEFGHIJ"'),
      name: z
        .string()
        .regex(
          /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/,
          'the name of a hosted zone, such as "golive.example"',
        ),
    })
    .optional(),
  /** A certificate of ACM that is there already. @default one is made, and validated in `hostedZone` */
  certificateArn: z
    .string()
    .regex(
      /^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]{36}$/,
      'the ARN of a certificate in ACM, such as "arn:aws:acm:eu-central-1:111111111111:certificate/…"',
    )
    .optional(),
  /** Whether people come without TLS: only where there is no domain, and so no certificate. */
  plainHttp: z.boolean().default(false),
  /** Whether AWS refuses to delete the load balancer. */
  deletionProtection: z.boolean(),
  /** The web application firewall. @default none */
  waf: z
    .strictObject({
      /** An address that sends more within five minutes is blocked until it sends less. */
      requestsPer5Minutes: z.int().min(100).max(2_000_000_000),
      /** The same for attempts to sign in. AWS counts no fewer than ten. */
      loginsPer5Minutes: z.int().min(10).max(10_000),
    })
    .optional(),
});
