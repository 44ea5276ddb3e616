import { isSensitiveName, REDACTED, scrubText, scrubValue } from '../../../core/observability/scrub';

/** Fields that are ours and hold nothing of anybody's. */
const OWN_FIELDS = new Set(['trace_id', 'span_id', 'xray_trace_id']);

type Fields = Record<string, unknown>;

/** By name, what is written of a thing that holds much more than may be written. */
const BY_NAME: Readonly<Record<string, (value: object) => unknown>> = {
  err: printableError,
  error: printableError,
  req: printableRequest,
  res: printableResponse,
};

/** What is written of the fields of a log line. */
export function printable(fields: Fields): Fields {
  const result: Fields = {};
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === undefined) continue;
    result[name] = OWN_FIELDS.has(name) ? value : printableField(name, value);
  }
  return result;
}

function printableField(name: string, value: unknown): unknown {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return isSensitiveName(name) ? REDACTED : scrubText(value);
    case 'object': {
      if (value === null) return null;
      const write = BY_NAME[name] ?? (value instanceof Error ? printableError : undefined);
      if (write !== undefined) return write(value);
      return isSensitiveName(name) ? REDACTED : scrubValue(value);
    }
    default:
      return isSensitiveName(name) ? REDACTED : scrubValue(value);
  }
}

/** How deep causes are followed. */
const MAX_CAUSES = 5;

function printableError(value: object, depth = 0): unknown {
  if (!(value instanceof Error)) return scrubValue(value);
  const code = 'code' in value && typeof value.code === 'string' ? value.code : undefined;
  return {
    type: value.name,
    code,
    message: scrubText(value.message),
    stack: value.stack === undefined ? undefined : scrubText(value.stack),
    cause:
      value.cause instanceof Error && depth < MAX_CAUSES ? printableError(value.cause, depth + 1) : undefined,
  };
}

/** A request without its headers, its query and its client. Of Fastify or of Node. */
function printableRequest(value: object): unknown {
  const { method, url, id, routeOptions } = value as {
    method?: unknown;
    url?: unknown;
    id?: unknown;
    routeOptions?: { url?: unknown };
  };
  return {
    method: textOf(method),
    path: typeof url === 'string' ? scrubText(url.replace(/\?.*$/s, '')) : undefined,
    route: textOf(routeOptions?.url),
    id: textOf(id),
  };
}

function printableResponse(value: object): unknown {
  const { statusCode } = value as { statusCode?: unknown };
  return { statusCode: typeof statusCode === 'number' ? statusCode : undefined };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? scrubText(value) : undefined;
}
