import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  type ExecutionListItem,
  type ExecutionStatus,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import type { Severity } from '../../../core/alerting/alarm-name';
import type { AlertingOperations } from '../../../core/alerting/operations';
import type { ProofInput } from '../../../core/alerting/proof';

export const MACHINE = 'arn:aws:states:eu-central-1:333333333333:stateMachine:proof';

export const OPERATIONS: AlertingOperations = {
  alertingVersion: 1,
  environment: 'prod',
  routes: [
    { channel: 'pagerduty', severity: 'critical', soundRule: 'trigger', endRule: 'resolve' },
    {
      channel: 'email',
      severity: 'critical',
      soundRule: 'mail-alarm',
      endRule: 'mail-ok',
      topic: 'mail-topic',
    },
    { channel: 'pagerduty', severity: 'warning', soundRule: 'trigger-warning', endRule: 'resolve' },
  ],
  proof: { stateMachineArn: MACHINE, deadLetterQueueUrl: 'https://sqs/failed' },
};

/** What an execution leaves when every figure is 1, but for those that are named. */
export function outputOf(severity: Severity, figures: Readonly<Record<string, number>> = {}): string {
  const ids = OPERATIONS.routes
    .filter((route) => route.severity === severity)
    .flatMap(({ topic }, index) => [
      ...['sound', 'end'].flatMap((way) =>
        ['matched', 'delivered', 'retried', 'failed'].map((what) => `${way}_${what}_${index}`),
      ),
      ...(topic === undefined ? [] : [`sent_${index}`, `unsent_${index}`]),
    ]);
  const usual = (id: string) => (/failed|retried|unsent/.test(id) ? 0 : 1);
  return JSON.stringify({
    severity,
    alarmName: `golive-prod-${severity}-alerting-test`,
    seen: {
      MetricDataResults: ids.map((Id) => {
        const value = figures[Id] ?? usual(Id);
        return { Id, Values: value === 0 ? [] : [value] };
      }),
    },
    deadLetters: { Attributes: { ApproximateNumberOfMessages: '0' } },
  });
}

interface Execution {
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly output?: string;
  readonly stopDate?: Date;
  readonly error?: string;
  readonly cause?: string;
}

/** Step Functions with one state machine. */
export class FakeProofs {
  readonly mock = mockClient(SFNClient);
  readonly client = new SFNClient({ region: 'eu-central-1' });
  /** Newest first. */
  executions: Execution[] = [];
  /** How one that is started ends, after one look. */
  ends: Omit<Execution, 'name'> = { status: 'SUCCEEDED', output: outputOf('critical') };
  readonly started: { readonly name: string | undefined; readonly input: ProofInput }[] = [];
  private looks = 0;

  constructor() {
    this.mock.on(StartExecutionCommand).callsFake(({ name, input }: { name?: string; input: string }) => {
      this.started.push({ name, input: JSON.parse(input) as ProofInput });
      return { executionArn: `${MACHINE}:new` };
    });
    this.mock.on(ListExecutionsCommand).callsFake(() => ({
      executions: this.executions.map(({ name, status, stopDate }): Partial<ExecutionListItem> => ({
        name,
        status,
        stopDate,
        executionArn: `${MACHINE}:${name}`,
      })),
    }));
    this.mock.on(DescribeExecutionCommand).callsFake(({ executionArn }: { executionArn: string }) => {
      if (executionArn.endsWith(':new')) {
        this.looks += 1;
        return this.looks === 1 ? { status: 'RUNNING' } : this.ends;
      }
      return this.executions.find(({ name }) => executionArn.endsWith(`:${name}`)) ?? {};
    });
    this.mock.on(GetExecutionHistoryCommand).resolves({
      events: [
        {
          timestamp: new Date(),
          type: 'WaitStateEntered',
          id: 2,
          stateEnteredEventDetails: { name: 'LetItArrive' },
        },
        {
          timestamp: new Date(),
          type: 'TaskStateEntered',
          id: 1,
          stateEnteredEventDetails: { name: 'SetAlarm' },
        },
      ],
    });
  }
}
