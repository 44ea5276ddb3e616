import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import { mockClient } from 'aws-sdk-client-mock';
import { handler } from '../../../lambdas/alerting/chat-logs/handler';
import { lambdaContext } from '../shared/lambda-context';
import { watchHandler } from '../shared/watched-handler';

const GROUPS = ['/aws/chatbot/golive-prod-critical', '/aws/chatbot/golive-prod-info'];

describe('the function that gives chat logs an end', () => {
  watchHandler('alerting-chat-logs', { LOGS_REGION: 'us-east-1' });
  const logs = mockClient(CloudWatchLogsClient);
  let server: Server;
  let answers: Record<string, unknown>[];

  beforeEach(async () => {
    logs.reset();
    logs.onAnyCommand().resolves({});
    answers = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        answers.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const invoke = (RequestType: string, LogGroupNames: readonly string[] = GROUPS) =>
    handler(
      {
        RequestType,
        ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        StackId: 'stack',
        RequestId: 'request',
        LogicalResourceId: 'Groups',
        ...(RequestType !== 'Create' && { PhysicalResourceId: 'Groups-1' }),
        ...(RequestType === 'Update' && { OldResourceProperties: {} }),
        ResourceProperties: { ServiceToken: 'arn', LogGroupNames, RetentionDays: '365' },
      },
      lambdaContext(),
    );
  const kept = () =>
    logs
      .commandCalls(PutRetentionPolicyCommand)
      .map(({ args: [{ input }] }) => [input.logGroupName, input.retentionInDays]);

  test('a refusal is told to CloudFormation, and fails', async () => {
    logs.on(CreateLogGroupCommand).rejects(new Error('denied'));
    await expect(invoke('Create')).rejects.toThrow('denied');
    expect(answers).toMatchObject([{ Status: 'FAILED' }]);
    expect(kept()).toEqual([]);
  });

  test('other log groups are refused', async () => {
    await expect(invoke('Create', ['/aws/lambda/somebody'])).rejects.toMatchObject({
      code: 'InvalidPropertiesError',
    });
    expect(logs.calls()).toHaveLength(0);
  });

  test.each(['Create', 'Update'])(
    '%s makes the groups before anybody else does, and gives them an end',
    async (type) => {
      await invoke(type);
      expect(kept()).toEqual(GROUPS.map((name) => [name, 365]));
      expect(answers).toMatchObject([{ Status: 'SUCCESS' }]);
    },
  );

  test('a group that is there gets an end, too', async () => {
    logs
      .on(CreateLogGroupCommand)
      .rejects(new ResourceAlreadyExistsException({ message: 'there', $metadata: {} }));
    await invoke('Create');
    expect(kept()).toHaveLength(2);
  });

  test('deleting leaves what was said', async () => {
    await invoke('Delete');
    expect(logs.calls()).toHaveLength(0);
    expect(answers).toMatchObject([{ Status: 'SUCCESS' }]);
  });
});
