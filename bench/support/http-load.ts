import autocannon from 'autocannon';

/** What is asked for again and again. */
export interface HttpLoad {
  readonly origin: string;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface HttpLoadReport {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p99: number;
  readonly answered: number;
  /** Not answered at all, or with another status than 2xx and 3xx. */
  readonly failed: number;
  /** Answers by their hundred, such as `5xx`, and what was not answered. */
  readonly failures: string;
}

/** Sends as many requests as are answered, from a thread of its own. */
export async function sendLoad(load: HttpLoad): Promise<HttpLoadReport> {
  return reportOf(await begin(load, { workers: 1 }));
}

/** The same until it is told to end, from this thread: autocannon's workers drop their report when they are stopped. */
export function beginLoad(load: Omit<HttpLoad, 'seconds'>): { end(): Promise<HttpLoadReport> } {
  const instance = begin({ ...load, seconds: LONGEST_SECONDS });
  return {
    end: async () => {
      // The types know the promise's half of what is both.
      (instance as unknown as { stop: () => void }).stop();
      return reportOf(await instance);
    },
  };
}

const LONGEST_SECONDS = 3600;

function begin(
  { origin, path, method = 'GET', headers = {}, body, connections, seconds }: HttpLoad,
  where: { readonly workers?: number } = {},
) {
  return autocannon({
    url: `${origin}${path}`,
    method,
    headers: { ...headers },
    ...(body !== undefined && { body }),
    connections,
    duration: seconds,
    timeout: 20,
    ...where,
  });
}

function reportOf(result: autocannon.Result): HttpLoadReport {
  const { requests, latency, errors, timeouts, non2xx, duration } = result;
  const by = { '4xx': result['4xx'], '5xx': result['5xx'], unanswered: errors, 'timed out': timeouts };
  return {
    // Not autocannon's average, which is of whole seconds alone.
    requestsPerSecond: requests.total / duration,
    p99: latency.p99,
    answered: requests.total,
    failed:
      errors +
      result['4xx'] +
      result['5xx'] +
      Math.max(0, non2xx - result['3xx'] - result['4xx'] - result['5xx']),
    failures: Object.entries(by)
      .filter(([, number]) => number > 0)
      .map(([what, number]) => `${number} ${what}`)
      .join(', '),
  };
}
