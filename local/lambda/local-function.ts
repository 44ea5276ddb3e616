import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/** A function of the templates, as Lambda would know it. */
export interface LocalFunction {
  readonly arn: string;
  readonly name: string;
  /** The construct's path. */
  readonly path: string;
  /** The folder of the very bundle that would be deployed. */
  readonly codeFolder: string;
  /** Such as `index.handler`. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  /** What its template gives it, resolved. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How asynchronous invocations of a function are retried, and where a failure ends. */
export interface AsynchronousInvocation {
  readonly maximumRetryAttempts: number;
  readonly onFailure: string | undefined;
}

/** What the Lambda service and the machine add to a function's own environment. */
export interface RuntimeSurroundings {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Where AWS is on this machine. */
  readonly awsEndpoint: string;
  /** Where ElastiCache is instead. @default - where the rest of AWS is */
  readonly elastiCacheEndpoint?: string | undefined;
  /** Where Step Functions is instead. @default - where the rest of AWS is */
  readonly stepFunctionsEndpoint?: string | undefined;
  /** Folders of programs that the function's image would hold. */
  readonly programFolders: readonly string[];
  /** The certificate authority of this machine's PostgreSQL, in place of RDS's. */
  readonly databaseCaFile: string | undefined;
  readonly temporaryFolder: string;
}

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly code?: string;
  readonly stack?: string;
}

/** One finished invocation. Exactly one of `result` and `error` is there. */
export interface Invocation {
  readonly requestId: string;
  readonly functionPath: string;
  readonly result?: unknown;
  readonly error?: FunctionError;
  /** What it wrote, a line each; JSON lines are log records and metrics. */
  readonly logs: readonly string[];
  readonly durationMilliseconds: number;
}

export interface RunningInvocation {
  readonly requestId: string;
  /** The process of the function's runtime; its pg_dump is a child of it. */
  readonly pid: number;
  readonly finished: Promise<Invocation>;
  kill(signal: NodeJS.Signals): void;
}

/** Changes of one invocation's environment, for sabotage. */
export interface InvocationOverrides {
  readonly environment?: Readonly<Record<string, string>>;
  /** Program folders to look in before the image's own. */
  readonly pathPrefix?: readonly string[];
}

/** Runs one invocation in a process of its own, and ends it when the function's time is over, as Lambda does. */
export function invokeFunction(
  fn: LocalFunction,
  event: unknown,
  surroundings: RuntimeSurroundings,
  overrides: InvocationOverrides = {},
): RunningInvocation {
  const requestId = randomUUID();
  const started = Date.now();
  const child = fork(join(__dirname, 'bootstrap.cjs'), [fn.handler], {
    cwd: fn.codeFolder,
    env: runtimeEnvironment(fn, surroundings, overrides),
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lines: string[] = [];
  const closeStreams = [child.stdout, child.stderr].map((stream) => collectLines(stream, lines));

  const finished = new Promise<Invocation>((resolve) => {
    let answer: { result?: unknown; error?: FunctionError } | undefined;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, fn.timeoutSeconds * 1000);
    child.on('message', (message: { result?: unknown; error?: FunctionError }) => (answer = message));
    child.on('error', (error) => {
      answer ??= { error: { errorType: 'Runtime.LaunchError', errorMessage: error.message } };
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      closeStreams.forEach((close) => close());
      answer ??= { error: endedWithoutAnswer(fn, timedOut, code, signal) };
      const base = {
        requestId,
        functionPath: fn.path,
        logs: lines,
        durationMilliseconds: Date.now() - started,
      };
      resolve(answer.error ? { ...base, error: answer.error } : { ...base, result: answer.result });
    });
  });

  const context = {
    awsRequestId: requestId,
    functionName: fn.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: fn.arn,
    memoryLimitInMB: String(fn.memoryMiB),
    logGroupName: `/aws/lambda/${fn.name}`,
    logStreamName: requestId,
    callbackWaitsForEmptyEventLoop: true,
  };
  child.send({ event, context, deadline: started + fn.timeoutSeconds * 1000 }, () => undefined);
  return { requestId, pid: child.pid ?? -1, finished, kill: (signal) => child.kill(signal) };
}

/**
 * The function's own variables as its template has them, what the Lambda service sets, and what differs on this
 * machine. Nothing of the host's environment comes in.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
function runtimeEnvironment(
  fn: LocalFunction,
  surroundings: RuntimeSurroundings,
  overrides: InvocationOverrides,
): Record<string, string> {
  const { region, credentials } = surroundings;
  return {
    // in place of the bundle in the image, unless the template names a file
    ...(surroundings.databaseCaFile === undefined ? {} : { DATABASE_CA_FILE: surroundings.databaseCaFile }),
    ...fn.environment,
    // the Lambda service
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMiB),
    LAMBDA_TASK_ROOT: fn.codeFolder,
    _HANDLER: fn.handler,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    PATH: [
      ...(overrides.pathPrefix ?? []),
      ...surroundings.programFolders,
      '/usr/local/bin',
      '/usr/bin',
      '/bin',
    ].join(':'),
    // this machine
    TMPDIR: surroundings.temporaryFolder,
    AWS_ENDPOINT_URL: surroundings.awsEndpoint,
    ...(surroundings.elastiCacheEndpoint !== undefined && {
      AWS_ENDPOINT_URL_ELASTICACHE: surroundings.elastiCacheEndpoint,
    }),
    ...(surroundings.stepFunctionsEndpoint !== undefined && {
      AWS_ENDPOINT_URL_SFN: surroundings.stepFunctionsEndpoint,
    }),
    // Node 20 stands in for Lambda's; the SDK would say so in every log.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...overrides.environment,
  };
}

function endedWithoutAnswer(
  fn: LocalFunction,
  timedOut: boolean,
  code: number | null,
  signal: NodeJS.Signals | null,
): FunctionError {
  if (timedOut) {
    return {
      errorType: 'Sandbox.Timedout',
      errorMessage: `Task timed out after ${fn.timeoutSeconds}.00 seconds`,
    };
  }
  return {
    errorType: 'Runtime.ExitError',
    errorMessage: `Runtime exited with ${signal ?? `exit status ${code}`}`,
  };
}

function collectLines(stream: NodeJS.ReadableStream | null, into: string[]): () => void {
  let rest = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    into.push(...parts.filter(Boolean));
  });
  return () => {
    if (rest) into.push(rest);
  };
}
