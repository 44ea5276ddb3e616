import pino, {
  type Bindings,
  type ChildLoggerOptions as ChildOptions,
  type Logger,
  type LoggerOptions as PinoOptions,
} from 'pino';
import { scrubText, scrubValue } from '../../../core/observability/scrub';
import { kit } from './kit';
import { printable } from './printable';
import { standardOutput } from './standard-output';

export type { Logger };

export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

export interface LoggerOptions {
  readonly service: string;
  readonly environment: string;
  /** Which build this is. */
  readonly version: string;
  /** @default INFO */
  readonly level?: LogLevel | undefined;
  /** Where the lines go. @default standard output */
  readonly destination?: { write(line: string): void } | undefined;
}

/**
 * A logger that writes one JSON object a line: `time` (ISO 8601, UTC), `level` as a word, `message`, and the ids of the
 * trace that the line belongs to. Errors, requests and responses are written by an allow-list (`err`, `req`, `res`), and
 * whatever else is given goes through the scrubber: names decide as well as contents.
 *
 * It is a pino logger, so Fastify takes it as its `loggerInstance`.
 */
export function createLogger({
  service,
  environment,
  version,
  level = 'INFO',
  destination = standardOutput(),
}: LoggerOptions): Logger {
  const options: PinoOptions = {
    level: level.toLowerCase(),
    base: { service, environment, version },
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: traceFields,
    // What comes here is printable already; pino's and Fastify's own would look into it for what is no longer there.
    serializers: { err: same, error: same, req: same, res: same, message: printableMessage },
    formatters: {
      level: (label) => ({ level: label.toUpperCase() }),
      log: printable,
    },
  };
  const logger = pino(options, destination);
  scrubChildren(logger);
  return logger;
}

type MakeChild = (this: Logger, fields: Bindings, options?: ChildOptions) => Logger;

/** pino lets a child's own fields past every formatter. */
function scrubChildren(logger: { child: unknown }): void {
  const makeChild = logger.child as MakeChild;
  const scrubbedChild: MakeChild = function (fields, options) {
    return makeChild.call(this, printable(fields), options);
  };
  logger.child = scrubbedChild;
}

/** `xray_trace_id` is how the functions' logs name it, and what X-Ray's console looks for. */
function traceFields(): object {
  const identity = kit.tracing?.identity();
  if (identity === undefined) return {};
  const { traceId, spanId } = identity;
  return {
    trace_id: traceId,
    span_id: spanId,
    xray_trace_id: `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`,
  };
}

/** Comes last, when all that is put into a message is in it, or an error has lent its own. */
function printableMessage(message: unknown): unknown {
  return typeof message === 'string' ? scrubText(message) : scrubValue(message);
}

function same(value: unknown): unknown {
  return value;
}
