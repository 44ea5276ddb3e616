import { createGateway } from '../../../../services/frontend/src/gateway/gateway';
import {
  lendRuntime,
  withRequest,
  type FrontendRuntime,
  type RequestContext,
} from '../../../../services/frontend/src/server/runtime';
import { cookieNames, readCookies } from '../../../../services/frontend/src/session/cookies';

export interface LogLine {
  readonly level: string;
  readonly details: object;
  readonly message: string;
}

/** A log that keeps its lines. */
export function keptLog() {
  const lines: LogLine[] = [];
  const to = (level: string) => (details: object, message: string) =>
    void lines.push({ level, details, message });
  return { lines, log: { info: to('info'), warn: to('warn'), error: to('error') } };
}

/** Lends pages and routes what the server would. */
export function lendTestRuntime(gatewayUrl: string, overrides: Partial<FrontendRuntime> = {}): void {
  const { log } = keptLog();
  lendRuntime({
    environment: 'test',
    version: '1.2.3',
    https: true,
    cookies: cookieNames(true),
    gateway: createGateway({ url: gatewayUrl, version: '1.2.3', onError: () => undefined }),
    log,
    sentryDsn: () => undefined,
    isStopping: () => false,
    ...overrides,
  });
}

export function requestContext(
  overrides: Partial<RequestContext> & { cookie?: string } = {},
): RequestContext {
  return {
    traceId: '5f'.repeat(16),
    address: '203.0.113.7',
    url: '/',
    cookies: readCookies(overrides.cookie),
    status: undefined,
    headers: [],
    ...overrides,
  };
}

export { withRequest };
