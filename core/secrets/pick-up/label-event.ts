import * as z from 'zod';
import { jsonOrUndefined } from '../../shared/json';

/**
 * What EventBridge tells when a staging label moved to another version, natively and without CloudTrail. Never of
 * `AWSPENDING` and `AWSPREVIOUS`.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/event-detail-secret-label-updated-secretsmanager.html
 */
const SecretLabelUpdated = z.object({
  source: z.literal('aws.secretsmanager'),
  'detail-type': z.literal('Secret Label Updated'),
  time: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  resources: z.tuple([z.string().regex(/^arn:[^:]+:secretsmanager:[^:]+:[^:]+:secret:.+$/)], z.string()),
  detail: z.object({
    name: z.string().min(1),
    labelUpdated: z.string().min(1),
    versionId: z.string().min(1),
  }),
});

/** That a label moved. */
export interface LabelUpdate {
  readonly secretArn: string;
  /** The friendly name. */
  readonly secretName: string;
  readonly label: string;
  readonly versionId: string;
  /** By the service's clock, whole seconds, rounded down. */
  readonly at: Date;
}

/** Undefined for a text that is not this event. */
export function parseLabelUpdate(body: string): LabelUpdate | undefined {
  const { data } = SecretLabelUpdated.safeParse(jsonOrUndefined(body));
  return (
    data && {
      secretArn: data.resources[0],
      secretName: data.detail.name,
      label: data.detail.labelUpdated,
      versionId: data.detail.versionId,
      at: data.time,
    }
  );
}
