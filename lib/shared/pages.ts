import type { Construct } from 'constructs';
import { alarmsAt, declareCompositeAlarm } from './alarm';

/** What pages somebody, by what is lost: the sections of the alarms that it is made of. */
export type Pages = Readonly<
  Record<string, { readonly description: string; readonly anchors: readonly string[] }>
>;

/** One page for each; their alarms inform. */
export function declarePages(scope: Construct, anchor: string, pages: Pages): void {
  for (const [subject, { description, anchors }] of Object.entries(pages)) {
    declareCompositeAlarm(scope, `${subject}-unwell`, {
      severity: 'critical',
      anchor,
      subject,
      description,
      anyOf: alarmsAt(scope, anchors),
    });
  }
}
