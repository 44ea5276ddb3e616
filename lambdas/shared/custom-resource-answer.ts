import { setTimeout as delay } from 'node:timers/promises';
import { GoLiveError, saidBy } from '../../core/shared/errors';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
export interface Answer {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly Data?: Readonly<Record<string, string>>;
}

/** CloudFormation could not be told, and waits until it gives up. */
export class CustomResourceAnswerError extends GoLiveError {
  readonly code = 'CustomResourceAnswerError';
}

/** The resource has more data than CloudFormation reads. */
export class CustomResourceAnswerTooLongError extends GoLiveError {
  readonly code = 'CustomResourceAnswerTooLongError';
}

/** CloudFormation reads no longer one. */
const MAXIMUM_BYTES = 4096;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const ATTEMPT_TIMEOUT_MS = 5_000;

/**
 * Puts the answer to the URL that came with the request, and again when S3 fails or cannot be reached. The URL is
 * itself a credential and in no message.
 *
 * @param until when trying has to end
 * @throws CustomResourceAnswerError
 */
export async function answerCloudFormation(
  answer: Answer,
  { url, until }: { readonly url: string; readonly until: Date },
): Promise<void> {
  const body = bodyOf(answer);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
    const failure = await attempt(url, body, until);
    if (failure === undefined) return;
    const leftMs = until.getTime() - Date.now();
    if (!failure.mayPass || leftMs <= pauseMs) {
      throw new CustomResourceAnswerError(
        `CloudFormation was not told ${answer.Status} of ${answer.LogicalResourceId}: ${failure.said}; it waits until the resource's time-out: cancel the update, see that the function reaches S3 (NAT or a gateway endpoint), and deploy again`,
      );
    }
    await delay(pauseMs);
  }
}

async function attempt(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  until: Date,
): Promise<{ readonly said: string; readonly mayPass: boolean } | undefined> {
  const leftMs = until.getTime() - Date.now();
  try {
    const response = await fetch(url, {
      method: 'PUT',
      body,
      // The URL is signed for a request that names no type.
      headers: { 'content-type': '' },
      signal: AbortSignal.timeout(Math.max(1, Math.min(ATTEMPT_TIMEOUT_MS, leftMs))),
    });
    await response.arrayBuffer();
    if (response.ok) return undefined;
    const mayPass = response.status >= 500 || response.status === 429;
    return { said: `S3 answered ${response.status}`, mayPass };
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return { said: cause?.code ?? saidBy(error), mayPass: true };
  }
}

/**
 * Refuses data that CloudFormation would not read, while it can still be told so.
 *
 * @throws CustomResourceAnswerTooLongError
 */
export function refuseLong(answer: Answer): void {
  const { length } = encode(answer);
  if (length <= MAXIMUM_BYTES) return;
  throw new CustomResourceAnswerTooLongError(
    `the answer for ${answer.LogicalResourceId} has ${length} bytes, of at most ${MAXIMUM_BYTES}; give the resource less data`,
  );
}

/** The reason is cut where the whole is too long. */
function bodyOf(answer: Answer): Uint8Array<ArrayBuffer> {
  let { Reason } = answer;
  let body = encode(answer);
  while (body.length > MAXIMUM_BYTES && Reason) {
    // A character is four bytes at most, so this never cuts too much, and soon enough.
    Reason = [...Reason].slice(0, -Math.ceil((body.length - MAXIMUM_BYTES) / 4)).join('');
    body = encode({ ...answer, Reason: `${Reason}…` });
  }
  return body;
}

function encode(answer: Answer): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(answer));
}
