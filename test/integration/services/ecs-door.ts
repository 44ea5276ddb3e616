import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const ECS = 'AmazonEC2ContainerServiceV20141113';

/** A deployment as ECS writes it down; times in seconds. */
export interface WireDeployment {
  readonly arn: string;
  readonly status: string;
  readonly createdAt: number;
  readonly taskDefinition: string;
  readonly rollbackReason?: string;
}

/**
 * The emulator, with the three calls about a service's deployments that it does not know, answered in the form that ECS
 * documents. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html
 */
export async function openEcsDoor(emulator: string, deployments: readonly WireDeployment[]) {
  const answers: Record<string, (input: Record<string, unknown>) => object> = {
    ListServiceDeployments: () => ({
      serviceDeployments: deployments.map(({ arn, status, createdAt }) => ({
        serviceDeploymentArn: arn,
        targetServiceRevisionArn: `${arn}/revision`,
        status,
        createdAt,
      })),
    }),
    DescribeServiceDeployments: () => ({
      serviceDeployments: deployments.map(({ arn, rollbackReason }) => ({
        serviceDeploymentArn: arn,
        ...(rollbackReason !== undefined && { rollback: { reason: rollbackReason } }),
      })),
      failures: [],
    }),
    DescribeServiceRevisions: () => ({
      serviceRevisions: deployments.map(({ arn, taskDefinition }) => ({
        serviceRevisionArn: `${arn}/revision`,
        taskDefinition,
      })),
      failures: [],
    }),
  };
  const server = createServer((incoming, outgoing) => {
    const [service, operation = ''] = String(incoming.headers['x-amz-target']).split('.');
    const answer = service === ECS ? answers[operation] : undefined;
    if (!answer) return passOn(emulator, incoming, outgoing);
    void text(incoming).then((body) => {
      outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      outgoing.end(JSON.stringify(answer(JSON.parse(body) as Record<string, unknown>)));
    });
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    endpoint: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function passOn(emulator: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming;
  const onward = request(new URL(url ?? '/', emulator), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
