import * as z from 'zod';
import type { AlarmFields, Places } from './alarm-fields';

/**
 * What Amazon Q Developer in chat applications shows; other text it drops without a word.
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */
export const ChatNotification = z.strictObject({
  version: z.literal('1.0'),
  source: z.literal('custom'),
  id: z.string().min(1).optional(),
  content: z.strictObject({
    textType: z.literal('client-markdown'),
    title: z.string().min(1),
    description: z.string().min(1),
    nextSteps: z.array(z.string()).optional(),
    keywords: z.array(z.string()).optional(),
  }),
  metadata: z.strictObject({
    /** Messages with the same one stand in one thread. */
    threadId: z.string().min(1),
    summary: z.string().min(1),
    eventType: z.string().min(1),
    relatedResources: z.array(z.string()),
    additionalContext: z.record(z.string(), z.string()),
  }),
});
export type ChatNotification = z.output<typeof ChatNotification>;

const SIGN = { critical: ':rotating_light:', warning: ':warning:', info: ':information_source:' } as const;

/**
 * An alarm that sounds, or is over, for a chat channel: its OK stands in the thread of its ALARM. No address in angle
 * brackets, as Slack would have it: EventBridge would take it for a placeholder.
 */
export function chatNotification(
  alarm: AlarmFields,
  places: Places,
  state: 'ALARM' | 'OK',
): ChatNotification {
  const { environment, severity } = places;
  const title =
    state === 'ALARM' ? `${SIGN[severity]} ${alarm.name}` : `:white_check_mark: ${alarm.name} is over`;
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title,
      // By itself, because it may hold a quote.
      description:
        ((state === 'ALARM' ? alarm.description : undefined) as string) ?? `${alarm.name} is in ${state}.`,
      ...(state === 'ALARM' && {
        nextSteps: [
          `Runbook: ${places.runbookUrl}`,
          `The alarm: ${places.alarmUrl(alarm.region, alarm.name)}`,
          `Overview: ${places.dashboardUrl}`,
        ],
      }),
      keywords: [environment, severity],
    },
    metadata: {
      threadId: alarm.name,
      summary: `${alarm.name} is in ${state}`,
      eventType: 'alarm',
      relatedResources: [alarm.arn],
      additionalContext: { environment, severity, region: alarm.region },
    },
  };
}

/** The lines of an e-mail. Whatever they hold, it is sent: nobody parses them. */
export function mailLines(alarm: AlarmFields, places: Places, state: 'ALARM' | 'OK'): string[] {
  const { environment, severity } = places;
  return [
    `GoLive ${environment}, ${severity}: ${alarm.name} ${state === 'ALARM' ? 'is in ALARM' : 'is over'} since ${alarm.time}`,
    String(alarm.description),
    ...(state === 'ALARM' ? [`Runbook: ${places.runbookUrl}`] : []),
    `The alarm: ${places.alarmUrl(alarm.region, alarm.name)}`,
    `Overview: ${places.dashboardUrl}`,
  ];
}
