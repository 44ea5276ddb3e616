import { parseArgs } from 'node:util';
import type { LocalPlatform } from '../platform';
import { PlainAudience, TerminalAudience } from './audience';
import { coloursFor } from '../../core/shared/colours';
import { PLAN, runDemo } from './demo';
import { summaryOf } from './summary';

const HELP = `npm run demo [-- --json]

The platform's life on this machine, with no AWS account: the templates that would be deployed run against a
real PostgreSQL, a real cache server and an emulator of AWS's APIs. A sample database is backed up, restored and
compared; we try to make a broken backup pass for a good one; then the gateway and the frontend run, and one request is
followed through them.

${Object.values(PLAN)
  .map((title, index) => `  ${String(index + 1).padStart(2)}  ${title}`)
  .join('\n')}

  --json      print one JSON document at the end, and the progress to stderr
  --help      this text

Takes two or three minutes. Exit code: 0 when every step passed, 1 when one did not, 2 for a wrong argument, 130
after Ctrl-C. Colours only on a terminal; NO_COLOR is honoured. Nothing is left behind.
`;

/** Ctrl-C, or the end of the terminal or the job. */
class Interrupted extends Error {
  constructor(readonly signalName: NodeJS.Signals) {
    super(`stopped by ${signalName}`);
  }
}

async function main(): Promise<number> {
  const options = parseOptions();
  if (typeof options === 'number') return options;

  const { json } = options;
  const stream = json ? process.stderr : process.stdout;
  const colours = coloursFor(stream, process.env);
  const audience =
    stream.isTTY && process.env['TERM'] !== 'dumb'
      ? new TerminalAudience(stream, colours)
      : new PlainAudience((text) => stream.write(text), colours);
  const controller = new AbortController();
  let platform: LocalPlatform | undefined;
  const interrupt = (name: NodeJS.Signals): void => {
    // Before the platform runs there is nothing to clean up but what its supervisor removes when we end.
    if (controller.signal.aborted || !platform) process.exit(130);
    controller.abort(new Interrupted(name));
    // What is under way then fails at once instead of coming to its end.
    void platform.stop();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);

  stream.write(`${colours.bold('GoLive on this machine')}: a backup counts only when it is proven\n\n`);
  try {
    const report = await runDemo({
      audience,
      signal: controller.signal,
      onPlatform: (started) => (platform = started),
    });
    stream.write(`\n${summaryOf(report, colours)}`);
    if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return report.passed ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    if (audience instanceof TerminalAudience) audience.stop();
    stream.write(`\n${error.message}; nothing is left behind\n`);
    return 130;
  }
}

/** @returns the exit code where there is nothing to run */
function parseOptions(): { json: boolean } | number {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help) return { json: values.json };
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
}

// The SDK would tell every user of Node 20 on stderr that it will want Node 22 some day.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
