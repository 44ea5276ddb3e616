import { GoLiveError } from '../shared/errors';

/** A description that a route would have to cut. */
export class AlarmDescriptionError extends GoLiveError {
  readonly code = 'AlarmDescriptionError';
}

/**
 * Characters, far below the 1,024 that CloudWatch and a PagerDuty summary take, so that a route may say something beside it.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
export const LONGEST_ALARM_DESCRIPTION = 600;

/** Where the runbook is while nobody has said where people read it: in the repository. */
export const RUNBOOK = 'docs/runbook.md';

/**
 * What is wrong, in whole sentences, and where to read what to do: `No task of gateway is healthy. See docs/runbook.md#edge-no-healthy-host`
 *
 * @throws AlarmDescriptionError
 */
export function alarmDescription(sentences: string, anchor: string, runbook = RUNBOOK): string {
  if (!/[.!?]$/.test(sentences)) {
    throw new AlarmDescriptionError(
      `"${sentences}" is no sentence: end an alarm's description with a full stop`,
    );
  }
  const description = `${sentences} See ${runbook}#${anchor}`;
  if (description.length > LONGEST_ALARM_DESCRIPTION) {
    throw new AlarmDescriptionError(
      `the description of the alarm "${anchor}" has ${description.length} characters, and the most is ` +
        `${LONGEST_ALARM_DESCRIPTION}: say less, the runbook has room`,
    );
  }
  return description;
}

/** The section of the runbook that a description names. @returns undefined where it names none */
export function anchorIn(description: string): string | undefined {
  return / See \S+#([a-z0-9-]+)$/.exec(description)?.[1];
}
