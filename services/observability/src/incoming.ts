import { Server, type IncomingMessage, type ServerResponse } from 'node:http';

/** Runs what answers a request, in whatever surroundings it sees fit. */
export type Enter = (request: IncomingMessage, response: ServerResponse, answer: () => unknown) => unknown;

/**
 * Stands before every HTTP server of this process, those that exist already among them. One function on the prototype:
 * the frameworks' own hooks come later, and each knows only its own framework.
 *
 * @returns how to step aside again
 */
export function onEveryRequest(enter: Enter): () => void {
  const prototype: { emit: unknown } = Server.prototype;
  const hadOwn = Object.hasOwn(prototype, 'emit');
  const before = prototype.emit as (this: Server, event: string, ...rest: unknown[]) => boolean;
  let on = true;

  function emit(this: Server, event: string, ...rest: unknown[]): boolean {
    if (event !== 'request' || !on) return before.call(this, event, ...rest);
    const [request, response] = rest as [IncomingMessage, ServerResponse];
    return enter(request, response, () => before.call(this, event, ...rest)) as boolean;
  }
  prototype.emit = emit;

  return () => {
    // Somebody who came later may still call this one: then it only passes on.
    on = false;
    if (prototype.emit !== emit) return;
    if (hadOwn) prototype.emit = before;
    else Reflect.deleteProperty(prototype, 'emit');
  };
}

/** The path of a request's address, without the query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
