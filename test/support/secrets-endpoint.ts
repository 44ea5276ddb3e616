import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { MemorySecretsManager } from './memory-secrets-manager';

/** Secrets Manager in memory for another process, which is told so by `AWS_ENDPOINT_URL`. It gives values and no more. */
export async function secretsEndpoint(
  memory: MemorySecretsManager,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    };
    if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') {
      answer(400, { __type: 'InvalidAction' });
      return;
    }
    json(request)
      .then((input) => memory.client.send(new GetSecretValueCommand(input as { SecretId: string })))
      .then(
        (output) => answer(200, output),
        (error: unknown) => answer(400, { __type: (error as Error).name, message: (error as Error).message }),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
