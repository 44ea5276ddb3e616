import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DescribeExecutionCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { callsTo, type EndedTask } from '../../../local/state-machine/calls';
import { LocalStepFunctions } from '../../../local/state-machine/step-functions';
import { answerStepFunctions, isForStepFunctions } from '../../../local/step-functions-api';
import type { LocalFunction } from '../../../local/lambda/local-function';

const MACHINE = 'arn:aws:states:eu-central-1:123456789012:stateMachine:migrations';
const DEFINITION = JSON.stringify({
  StartAt: 'Run',
  States: {
    Run: {
      Type: 'Task',
      Resource: 'arn:aws:states:::ecs:runTask.sync',
      Parameters: { Cluster: 'c', 'TaskDefinition.$': '$.definition' },
      ResultPath: null,
      Next: 'Tell',
    },
    Tell: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'arn:tell', 'Payload.$': '$' },
      ResultSelector: { 'said.$': '$.Payload' },
      End: true,
    },
  },
});

const taskOf = (ExitCode: number): EndedTask => ({
  TaskArn: 'arn:task',
  StopCode: 'EssentialContainerExited',
  StoppedReason: 'Essential container in task exited',
  Containers: [{ Name: 'migrate', ExitCode }],
});

describe('Step Functions on this machine, asked by its own client', () => {
  let server: Server;
  let client: SFNClient;
  let stepFunctions: LocalStepFunctions;
  let ends: unknown[];
  let runTask: (signal: AbortSignal) => Promise<EndedTask>;
  let invoked: unknown[];
  let answer: object;

  beforeEach(async () => {
    [ends, invoked, answer] = [[], [], { result: 'told' }];
    runTask = () => Promise.resolve(taskOf(0));
    stepFunctions = new LocalStepFunctions({
      call: callsTo({
        runTask: (_, signal) => runTask(signal),
        functions: new Map([['arn:tell', { arn: 'arn:tell' } as LocalFunction]]),
        invoke: (_, event) => {
          invoked.push(event);
          return Promise.resolve({
            requestId: 'r',
            functionPath: 'p',
            logs: [],
            durationMilliseconds: 1,
            ...answer,
          });
        },
      }),
      onEnded: ({ name }, { end }) => Promise.resolve(void ends.push([name, end.status])),
    });
    stepFunctions.create(MACHINE, DEFINITION);
    server = createServer((incoming, outgoing) => {
      if (isForStepFunctions(incoming)) void answerStepFunctions(stepFunctions, incoming, outgoing);
      else outgoing.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new SFNClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  });
  afterEach(async () => {
    await stepFunctions.close();
    client.destroy();
    server.close();
    server.closeAllConnections();
  });

  const start = async (name = 'one', input: object = { definition: 'd:1' }, stateMachineArn = MACHINE) => {
    const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    return (await client.send(command)).executionArn;
  };
  const describe = (executionArn: string | undefined) =>
    client.send(new DescribeExecutionCommand({ executionArn }));

  test('refuses what is not there, and what it does not play', async () => {
    await expect(start('one', {}, `${MACHINE}-other`)).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
    await expect(describe('arn:none')).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
    await expect(client.send(new ListStateMachinesCommand({}))).rejects.toThrow(
      /does not play ListStateMachines/,
    );
  });

  test('fails with the task that ended otherwise than well, and tells of the end', async () => {
    runTask = () => Promise.resolve(taskOf(1));
    const arn = await start();
    await stepFunctions.settled();
    const { status, error, cause } = await describe(arn);
    expect([status, error]).toEqual(['FAILED', 'States.TaskFailed']);
    expect(JSON.parse(cause ?? '')).toEqual(taskOf(1));
    expect([ends, invoked]).toEqual([[['one', 'FAILED']], []]);
  });

  test('fails with what a function throws', async () => {
    answer = { error: { errorType: 'CustomResourceAnswerError', errorMessage: 'S3 is away' } };
    const arn = await start();
    await stepFunctions.settled();
    expect(await describe(arn)).toMatchObject({ status: 'FAILED', error: 'CustomResourceAnswerError' });
  });

  test('fails with our own words for what is not played', async () => {
    runTask = () => Promise.reject(new Error('no such image here'));
    const arn = await start();
    await stepFunctions.settled();
    expect(await describe(arn)).toMatchObject({ status: 'FAILED', cause: 'Error: no such image here' });
  });

  test('stops what runs when it is asked to, its task with it', async () => {
    let isStopped = false;
    runTask = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          isStopped = true;
          resolve(taskOf(143));
        });
      });
    const arn = await start();
    expect((await describe(arn)).status).toBe('RUNNING');
    await client.send(new StopExecutionCommand({ executionArn: arn }));
    await stepFunctions.settled();
    expect([(await describe(arn)).status, isStopped, ends]).toEqual(['ABORTED', true, [['one', 'ABORTED']]]);
  });

  test('the same name and input again is the one that runs, and refused once that has ended', async () => {
    let end = (): void => undefined;
    runTask = () => new Promise((resolve) => (end = () => resolve(taskOf(0))));
    const arn = await start();
    expect(await start()).toBe(arn);
    const exists = { name: 'ExecutionAlreadyExists' };
    await expect(start('one', { definition: 'd:2' })).rejects.toMatchObject(exists);
    end();
    await stepFunctions.settled();
    await expect(start()).rejects.toMatchObject(exists);
    expect(invoked).toHaveLength(1);
  });

  test('runs to its end and gives what its last state gave', async () => {
    const arn = await start();
    await stepFunctions.settled();
    expect(await describe(arn)).toMatchObject({
      status: 'SUCCEEDED',
      stateMachineArn: MACHINE,
      name: 'one',
      input: '{"definition":"d:1"}',
      output: '{"said":"told"}',
    });
    expect(invoked).toEqual([{ definition: 'd:1' }]);
  });
});
