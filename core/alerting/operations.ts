import * as z from 'zod';
import { SEVERITIES } from './alarm-name';

/** By what somebody is told: PagerDuty, e-mail, a chat channel. */
export const CHANNELS = ['pagerduty', 'email', 'chat'] as const;
export type Channel = (typeof CHANNELS)[number];

/** One way of one severity's alarms to people. */
export const AlertingRoute = z.strictObject({
  channel: z.enum(CHANNELS),
  severity: z.enum(SEVERITIES),
  /** The EventBridge rule that an alarm takes when it sounds, and the one that it takes when it is over. */
  soundRule: z.string().min(1),
  endRule: z.string().min(1),
  /** Of the SNS topic behind them, whose deliveries are counted, too. */
  topic: z.string().min(1).optional(),
});
export type AlertingRoute = z.output<typeof AlertingRoute>;

/** Where the routes are. The Alerting stack writes it as a parameter of Systems Manager. It holds no key and no address. */
export const AlertingOperations = z.strictObject({
  alertingVersion: z.literal(1),
  environment: z.string().min(1),
  routes: z.array(AlertingRoute),
  /** The state machine that proves them. Absent where there is no route. */
  proof: z
    .strictObject({
      stateMachineArn: z.string().min(1),
      deadLetterQueueUrl: z.string().min(1),
    })
    .optional(),
});
export type AlertingOperations = z.output<typeof AlertingOperations>;

/** `/golive/prod/alerting` */
export function alertingParameterName(environment: string): string {
  return `/golive/${environment}/alerting`;
}
