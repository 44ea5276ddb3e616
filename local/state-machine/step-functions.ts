import { GoLiveError, saidBy } from '../../core/shared/errors';
import { parseStateMachine, StateMachineError, type StateMachine } from './definition';
import { runStateMachine, type ExecutionEnd, type ExecutionOptions } from './run';

/** Step Functions refuses a call, by the name that its API has for it. */
export class StepFunctionsRefusal extends GoLiveError {
  constructor(
    /** Such as `ExecutionAlreadyExists`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface LocalExecution {
  readonly arn: string;
  readonly machineArn: string;
  readonly name: string;
  /** As it came: JSON. */
  readonly input: string;
  readonly startDate: Date;
  readonly ended: Promise<EndedExecution>;
}

export interface EndedExecution {
  readonly end: ExecutionEnd;
  readonly stopDate: Date;
}

export interface StepFunctionsOptions {
  readonly call: ExecutionOptions['call'];
  /** Told of each end; whoever waits for the executions waits for it, too. */
  readonly onEnded?: (execution: LocalExecution, ended: EndedExecution) => Promise<void>;
}

/** Step Functions on this machine: the templates' state machines, interpreted. */
export class LocalStepFunctions {
  private readonly machines = new Map<string, StateMachine>();
  private readonly executions = new Map<string, LocalExecution>();
  private readonly running = new Map<string, { stop: AbortController; done: Promise<void> }>();

  constructor(private readonly options: StepFunctionsOptions) {}

  /** @throws StateMachineError for a definition that is not played here */
  create(arn: string, definition: string): void {
    this.machines.set(arn, parseStateMachine(definition));
  }

  /**
   * Starts an execution, or gives the one that runs under this name with the same input.
   * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
   *
   * @throws StepFunctionsRefusal
   */
  start(machineArn: string, name: string, input: string): LocalExecution {
    const machine = this.machines.get(machineArn);
    if (!machine)
      throw new StepFunctionsRefusal('StateMachineDoesNotExist', `there is no ${machineArn} here`);
    const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const before = this.executions.get(arn);
    if (before && this.running.has(arn) && before.input === input) return before;
    if (before)
      throw new StepFunctionsRefusal('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);

    const stop = new AbortController();
    const startDate = new Date();
    const ended = runStateMachine({
      machine,
      input: JSON.parse(input) as unknown,
      execution: { Id: arn, Name: name, StartTime: startDate.toISOString() },
      call: this.options.call,
      signal: stop.signal,
    })
      .catch((error: unknown): ExecutionEnd => {
        // What is not played here fails the execution, and so whoever waits for it, with our own words.
        if (error instanceof StateMachineError)
          return { status: 'FAILED', error: error.code, cause: error.message };
        return { status: 'FAILED', error: 'States.Runtime', cause: saidBy(error) };
      })
      .then((end): EndedExecution => ({ end, stopDate: new Date() }));
    const execution: LocalExecution = { arn, machineArn, name, input, startDate, ended };
    this.executions.set(arn, execution);
    const done = ended
      .then((how) => this.options.onEnded?.(execution, how))
      .finally(() => this.running.delete(arn));
    // Whoever waits for it sees its failure.
    done.catch(() => undefined);
    this.running.set(arn, { stop, done });
    return execution;
  }

  /** @throws StepFunctionsRefusal */
  execution(arn: string): LocalExecution & { readonly isRunning: boolean } {
    const found = this.executions.get(arn);
    if (!found) throw new StepFunctionsRefusal('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return { ...found, isRunning: this.running.has(arn) };
  }

  /** @throws StepFunctionsRefusal */
  stop(arn: string): void {
    this.execution(arn);
    this.running.get(arn)?.stop.abort();
  }

  /** When nothing runs any more, and whoever is told of ends was told. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all([...this.running.values()].map(({ done }) => done));
  }

  /** Stops everything that runs. */
  async close(): Promise<void> {
    for (const { stop } of this.running.values()) stop.abort();
    await Promise.allSettled([...this.running.values()].map(({ done }) => done));
  }
}
