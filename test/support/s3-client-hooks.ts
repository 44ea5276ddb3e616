import { S3ServiceException, type S3Client } from '@aws-sdk/client-s3';

interface Input {
  readonly Key?: string;
}

/** Pretends that S3's clock is this much ahead, as if the time had passed since everything was stored. */
export function passTime(s3: S3Client, milliseconds: number): void {
  s3.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers: Record<string, string> };
      headers['date'] = new Date(Date.parse(headers['date'] ?? '') + milliseconds).toUTCString();
      return result;
    },
    // Next to the wire, so that everybody else sees the later date.
    { step: 'deserialize', name: 'passTime', priority: 'low' },
  );
}

/** Lets S3 answer with an error to the commands that the test picks; otherwise the command is sent. */
export function failOn(
  s3: S3Client,
  pick: (command: string, key: string) => { readonly code: string; readonly status: number } | undefined,
): void {
  s3.middlewareStack.add(
    (next, context) => async (args) => {
      const fault = pick(context.commandName ?? '', (args.input as Input).Key ?? '');
      if (!fault) return next(args);
      throw new S3ServiceException({
        name: fault.code,
        message: fault.code,
        $fault: fault.status < 500 ? 'client' : 'server',
        $metadata: { httpStatusCode: fault.status },
      });
    },
    { step: 'initialize', name: 'failOn' },
  );
}

/** Every command that was sent, such as `DeleteObjectCommand a/b`. */
export function noteCommands(s3: S3Client): string[] {
  const sent: string[] = [];
  s3.middlewareStack.add(
    (next, context) => (args) => {
      sent.push(`${context.commandName} ${(args.input as Input).Key ?? ''}`.trim());
      return next(args);
    },
    { step: 'initialize', name: 'noteCommands' },
  );
  return sent;
}
