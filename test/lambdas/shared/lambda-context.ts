import type { Context } from 'aws-lambda';

/** The context of an invocation, as Lambda would hand it over. */
export function lambdaContext({ remainingMs = 60_000 }: { remainingMs?: number } = {}): Context {
  const end = Date.now() + remainingMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'golive-test',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:golive-test',
    memoryLimitInMB: '256',
    awsRequestId: '6f1a2c34-0000-4000-8000-000000000001',
    logGroupName: '/golive/test',
    logStreamName: '2026/05/01/[$LATEST]1',
    getRemainingTimeInMillis: () => Math.max(0, end - Date.now()),
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
