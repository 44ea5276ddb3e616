import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A place where a function answers CloudFormation, for every test of a file.
 *
 * @returns `refuse`: what the next answers are met with instead of 200
 */
export function answerInbox() {
  let server: Server;
  let answers: Record<string, unknown>[] = [];
  let statuses: (number | 'hang-up')[] = [];

  beforeEach(async () => {
    answers = [];
    statuses = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const status = statuses.shift() ?? 200;
        if (status === 'hang-up') return void request.socket.destroy();
        if (status === 200)
          answers.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  return {
    url: () =>
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/?X-Amz-Signature=planted-signature`,
    answers: () => answers,
    refuse: (...next: (number | 'hang-up')[]) => void statuses.push(...next),
  };
}
