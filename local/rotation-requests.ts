import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

export interface RotationRequestsOptions {
  /** Straight to the emulator. */
  readonly secretsManager: SecretsManagerClient;
  /**
   * Rotates a secret to the end.
   *
   * @param onBegun to be called when the pending version is there, and nothing else has happened yet
   */
  readonly rotate: (secretArn: string, onBegun: () => void) => Promise<unknown>;
  /** Told of what came to nothing after it had begun, as CloudWatch would be. */
  readonly onFailure: (error: unknown) => void;
  /** Told of every look at a secret, when it has been answered. */
  readonly onDescribed?: () => void;
}

/** The emulator, for other processes than ours: RotateSecret rotates there, too. */
export interface RotationRequests {
  readonly endpoint: string;
  /** Waits for what rotates, and ends. */
  stop(): Promise<void>;
}

/**
 * Stands before the emulator and answers RotateSecret itself: at once, when the rotation has begun, as the service
 * does. The emulator's own would make a version without a value current. All else is passed on.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
 */
export async function answerRotationRequests(options: RotationRequestsOptions): Promise<RotationRequests> {
  const { secretsManager, onDescribed } = options;
  const { hostname, port } = await secretsManager.config.endpoint!();
  const rotating = new Set<Promise<void>>();
  const server = createServer((incoming, outgoing) => {
    const target = incoming.headers['x-amz-target'];
    if (target === 'secretsmanager.RotateSecret') {
      rotateSecret(options, rotating, incoming).then(
        (body) => answer(outgoing, 200, body),
        (error: unknown) => answer(outgoing, 400, refusalOf(error)),
      );
      return;
    }
    if (target === 'secretsmanager.DescribeSecret' && onDescribed) outgoing.once('finish', onDescribed);
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers }, (answered) => {
      outgoing.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(outgoing);
    });
    // The caller sees a broken connection, as it would without us.
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    endpoint: `http://localhost:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      await Promise.all(rotating);
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function rotateSecret(
  { secretsManager, rotate, onFailure }: RotationRequestsOptions,
  rotating: Set<Promise<void>>,
  incoming: IncomingMessage,
): Promise<object> {
  const { SecretId } = JSON.parse(String(await buffer(incoming))) as { SecretId: string };
  const before = await secretsManager.send(new DescribeSecretCommand({ SecretId }));
  const arn = before.ARN!;
  const refused = await new Promise<unknown>((isBegun) => {
    const running = rotate(arn, () => isBegun(undefined))
      .then(
        () => isBegun(undefined),
        (error: unknown) => {
          isBegun(error);
          onFailure(error);
        },
      )
      .finally(() => rotating.delete(running));
    rotating.add(running);
  });
  if (refused !== undefined) throw refused as Error;
  const isPendingOnly = (labels: readonly string[]) =>
    labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT');
  const versions = Object.entries(before.VersionIdsToStages ?? {});
  if (versions.some(([, labels]) => isPendingOnly(labels))) {
    throw new Error("A previous rotation isn't complete. That rotation will be reattempted.");
  }
  const known = new Set(versions.map(([versionId]) => versionId));
  const { VersionIdsToStages = {} } = await secretsManager.send(new DescribeSecretCommand({ SecretId }));
  const VersionId = Object.keys(VersionIdsToStages).find((versionId) => !known.has(versionId));
  return { ARN: arn, Name: before.Name, VersionId };
}

function refusalOf(error: unknown): object {
  const { name, message } = error as Error;
  return { __type: name === 'Error' ? 'InvalidRequestException' : name, message };
}

function answer(outgoing: ServerResponse, status: number, body: object): void {
  outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  outgoing.end(JSON.stringify(body));
}
