import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import { mockClient } from 'aws-sdk-client-mock';
import { handler } from '../../../lambdas/alerting/chat-logs/handler';
import { answerInbox } from '../shared/answer-inbox';
import { lambdaContext } from '../shared/lambda-context';
import { watchHandler } from '../shared/watched-handler';

const GROUPS = ['/aws/chatbot/golive-prod-critical', '/aws/chatbot/golive-prod-info'];

describe('the function that gives chat logs an end', () => {
  watchHandler('alerting-chat-logs', { LOGS_REGION: 'us-east-1' });
  const logs = mockClient(CloudWatchLogsClient);
  const inbox = answerInbox();

  beforeEach(() => {
    logs.reset();
    logs.onAnyCommand().resolves({});
  });

  const invoke = (RequestType: string, LogGroupNames: readonly string[] = GROUPS) =>
    handler(
      {
        RequestType,
        ResponseURL: inbox.url(),
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
    expect(inbox.answers()).toMatchObject([{ Status: 'FAILED' }]);
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
      expect(inbox.answers()).toMatchObject([{ Status: 'SUCCESS' }]);
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
    expect(inbox.answers()).toMatchObject([{ Status: 'SUCCESS' }]);
  });
});
