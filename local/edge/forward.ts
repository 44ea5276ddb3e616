import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { endToEnd } from './forwarded-headers';
import type { Target, TargetGroup } from './target-group';

export interface ForwardOptions {
  readonly headers: readonly string[];
  /** A connection on which nothing comes for so long is given up, milliseconds. */
  readonly idleTimeoutMs: number;
}

/** Sends a request to one of the group's targets, and its answer back: 502, 503 or 504 where there is none. */
export function forward(
  group: TargetGroup,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: ForwardOptions,
): void {
  const target = group.choose();
  if (!target) return answer(outgoing, 503, 'Service Temporarily Unavailable');
  passOn(target, incoming, outgoing, options);
}

export function answer(
  outgoing: ServerResponse,
  status: number,
  body: string,
  contentType = 'text/plain',
): void {
  outgoing.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  outgoing.end(body);
}

function passOn(
  target: Target,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { headers, idleTimeoutMs }: ForwardOptions,
): void {
  const done = target.begin();
  const onward = request({
    host: '127.0.0.1',
    port: target.port,
    agent: target.agent,
    method: incoming.method,
    path: incoming.url,
    headers: [...headers],
    timeout: idleTimeoutMs,
  });
  let isLate = false;
  const failed = () => {
    incoming.unpipe(onward);
    incoming.resume();
    if (outgoing.headersSent) outgoing.destroy();
    else answer(outgoing, isLate ? 504 : 502, isLate ? 'Gateway Timeout' : 'Bad Gateway');
  };
  onward.on('timeout', () => {
    isLate = true;
    onward.destroy();
  });
  onward.on('error', failed);
  onward.on('response', (answered) => {
    outgoing.writeHead(
      answered.statusCode ?? 502,
      answered.statusMessage ?? '',
      endToEnd(answered.rawHeaders),
    );
    answered.pipe(outgoing);
    answered.on('error', () => outgoing.destroy());
    // What was answered before it was read to its end is read to nowhere.
    answered.on('end', () => {
      incoming.unpipe(onward);
      incoming.resume();
    });
  });
  outgoing.on('close', () => {
    done();
    // Whoever asked has gone.
    if (!outgoing.writableFinished) onward.destroy();
  });
  incoming.pipe(onward);
}
