import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { LocalCacheUsers } from './cache-users';
import { answerElastiCache, isForElastiCache } from './elasticache';
import type { Rotated } from './rotation';
import type { LocalStepFunctions } from './state-machine/step-functions';
import { answerStepFunctions, isForStepFunctions } from './step-functions-api';

/** What Secrets Manager is asked for with RotateSecret. */
const Rotate = z.object({ SecretId: z.string(), ClientRequestToken: z.string().optional() });

type Begun = Pick<Rotated, 'versionId' | 'isReattempt'>;

export interface FrontDoorOptions {
  /** The emulator. */
  readonly emulator: string;
  /** Answer in the emulator's place what is asked of ElastiCache. @default - the emulator does */
  readonly cacheUsers?: LocalCacheUsers;
  /** Answer in the emulator's place what is asked of Step Functions. @default - the emulator does */
  readonly stepFunctions?: LocalStepFunctions;
  /**
   * Rotates a secret to the end; undefined when nothing rotates that secret.
   *
   * @param onBegun to be called when the pending version is there, and nothing else has happened yet
   */
  readonly rotate: (
    secretArn: string,
    token: string | undefined,
    onBegun: (begun: Begun) => void,
  ) => Promise<unknown> | undefined;
  /** Told of what came to nothing after it had begun, as CloudWatch would be. */
  readonly onFailure: (error: unknown) => void;
  /** Told of every look at a secret, when it has been answered. */
  readonly onDescribed?: () => void;
}

/** The emulator, for other processes than ours: RotateSecret rotates there, and the cache's users can be changed. */
export interface FrontDoor {
  readonly endpoint: string;
  /** Waits for what rotates, and ends. */
  close(): Promise<void>;
}

/**
 * Stands before the emulator and passes everything on, but for three things. RotateSecret: the emulator would make a
 * version without a value current, and here the function that is deployed rotates. The answer comes when the rotation
 * has begun, as Secrets Manager's does. ElastiCache, whose users the emulator cannot change. And Step
 * Functions, whose tasks it cannot run.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
 */
export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const rotating = new Set<Promise<unknown>>();
  const server = createServer((incoming, outgoing) => {
    const target = incoming.headers['x-amz-target'];
    if (target === 'secretsmanager.RotateSecret')
      return void answerRotate(options, rotating, incoming, outgoing);
    if (options.cacheUsers && isForElastiCache(incoming))
      return void answerElastiCache(options.cacheUsers, incoming, outgoing);
    if (options.stepFunctions && isForStepFunctions(incoming))
      return void answerStepFunctions(options.stepFunctions, incoming, outgoing);
    if (target === 'secretsmanager.DescribeSecret' && options.onDescribed)
      outgoing.once('finish', options.onDescribed);
    passOn(options.emulator, incoming, outgoing);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://localhost:${port}`,
    close: async () => {
      await Promise.all(rotating);
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerRotate(
  options: FrontDoorOptions,
  rotating: Set<Promise<unknown>>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const [status, body] = await beginRotation(options, rotating, incoming).then(
    (begun) => [200, begun] as const,
    (error: Error) => [400, refusalOf(error)] as const,
  );
  outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  outgoing.end(JSON.stringify(body));
}

async function beginRotation(
  { rotate, onFailure }: FrontDoorOptions,
  rotating: Set<Promise<unknown>>,
  incoming: IncomingMessage,
): Promise<object> {
  const { SecretId, ClientRequestToken } = Rotate.parse(JSON.parse(await text(incoming)));
  const { versionId, isReattempt } = await new Promise<Begun>((begins, fails) => {
    const running = rotate(SecretId, ClientRequestToken, begins);
    if (!running) return fails(new Error('No Lambda rotation function ARN is associated with this secret.'));
    const ended = running.then(
      () => undefined,
      (error: Error) => {
        // Of one that has begun nobody is told but by the secret's labels, as at AWS.
        onFailure(error);
        fails(error);
      },
    );
    rotating.add(ended);
    void ended.then(() => rotating.delete(ended));
  });
  if (isReattempt) throw new Error("A previous rotation isn't complete. That rotation will be reattempted.");
  return { ARN: SecretId, Name: SecretId.split(':').at(-1)?.slice(0, -7), VersionId: versionId };
}

/** An error without a name of its own is Secrets Manager's refusal. */
function refusalOf({ name, message }: Error): object {
  return { __type: name === 'Error' ? 'InvalidRequestException' : name, message };
}

function passOn(emulator: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming;
  const onward = request(new URL(url ?? '/', emulator), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  // The caller sees a broken connection, as it would without us.
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
