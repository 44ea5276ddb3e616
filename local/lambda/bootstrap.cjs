/**
 * Plays the Lambda runtime for one invocation: loads the handler as the runtime would, gives it the event and a
 * context, and sends back what it answered or threw. Argument: the handler, such as `index.handler`.
 */
'use strict';
const { join } = require('node:path');

// The parent is gone: nobody waits for an answer.
process.on('disconnect', () => process.exit(1));

process.once('message', ({ event, context, deadline }) => {
  void run(event, { ...context, getRemainingTimeInMillis: () => deadline - Date.now() }).then((answer) =>
    // The runtime freezes the process once it has the answer; here it ends.
    process.send(answer, () => process.exit(0)),
  );
});

async function run(event, context) {
  try {
    const [file, name] = process.argv[2].split('.');
    const handler = require(join(process.env.LAMBDA_TASK_ROOT, file))[name];
    return { result: await handler(event, context) };
  } catch (error) {
    return {
      error: {
        errorType: String(error?.name ?? 'Error'),
        errorMessage: String(error?.message ?? error),
        code: error?.code,
        stack: error?.stack,
      },
    };
  }
}
