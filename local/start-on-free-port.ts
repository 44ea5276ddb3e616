import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port';
import type { ServiceSpecification, Supervisor } from './supervisor';

const PORT_ATTEMPTS = 5;

export interface PortService {
  /** Where its logs go, `<name>-<attempt>.log`. */
  readonly folder: string;
  /** How it is started on a port. */
  readonly specification: (port: number) => Omit<ServiceSpecification, 'logFile'>;
  /** Whether it answers on the port; asked again and again. */
  readonly answers: (port: number) => Promise<boolean>;
  readonly timeoutMs: number;
  /** Makes the error from the log of a service that did not start. */
  readonly failed: (log: string) => Error;
}

/**
 * Starts a service on a free port and waits until it answers. Another process may take the port before the
 * service binds it: then the next one.
 */
export async function startOnFreePort(
  supervisor: Supervisor,
  { folder, specification, answers, timeoutMs, failed }: PortService,
): Promise<{ port: number; pid: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const service = specification(port);
    const logFile = join(folder, `${service.name}-${attempt}.log`);
    const pid = await supervisor.startService({ ...service, logFile });
    if (await becomesReady(supervisor, service.name, () => answers(port), timeoutMs)) return { port, pid };
    const log = await readFile(logFile, 'utf8');
    if (!log.includes('Address already in use') || attempt === PORT_ATTEMPTS) throw failed(log.trim());
  }
}

async function becomesReady(
  supervisor: Supervisor,
  service: string,
  answers: () => Promise<boolean>,
  timeoutMs: number,
): Promise<boolean> {
  let exited = false;
  const stopListening = supervisor.onServiceExit(({ name }) => {
    if (name === service) exited = true;
  });
  try {
    const deadline = Date.now() + timeoutMs;
    while (!exited && Date.now() < deadline) {
      // What answered may be somebody else's server, on the port that ours failed to bind.
      if ((await answers()) && !exited) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  } finally {
    stopListening();
  }
}
