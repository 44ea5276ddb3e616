import type { IncomingMessage } from 'node:http';
import { endToEnd, forwardedHeaders, traceId } from '../../../local/edge/forwarded-headers';

const from = (address: string, ...rawHeaders: string[]) =>
  forwardedHeaders({ rawHeaders, socket: { remoteAddress: address } } as unknown as IncomingMessage, 8123);

/** By name, as a service would see them. */
function seen(headers: string[]): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: headers.length / 2 }, (_, index) => [
      headers[2 * index]!.toLowerCase(),
      headers[2 * index + 1]!,
    ]),
  );
}

const ROOT = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/;

describe('what the load balancer says of a request', () => {
  test('who came stands last, behind whatever the client said of itself', () => {
    expect(seen(from('::ffff:127.0.0.1', 'X-Forwarded-For', '6.6.6.6, 7.7.7.7'))).toMatchObject({
      'x-forwarded-for': '6.6.6.6, 7.7.7.7, 127.0.0.1',
    });
    expect(seen(from('::1'))).toMatchObject({ 'x-forwarded-for': '::1' });
  });

  test('more than one such line becomes one', () => {
    const headers = from('127.0.0.1', 'X-Forwarded-For', '6.6.6.6', 'x-forwarded-for', '7.7.7.7');
    expect(headers.filter((word) => word.toLowerCase() === 'x-forwarded-for')).toHaveLength(1);
    expect(seen(headers)['x-forwarded-for']).toBe('6.6.6.6, 7.7.7.7, 127.0.0.1');
  });

  test('the way that it came is written anew', () => {
    expect(
      seen(
        from('127.0.0.1', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Port', '443', 'Host', 'golive.example'),
      ),
    ).toMatchObject({ 'x-forwarded-proto': 'http', 'x-forwarded-port': '8123', host: 'golive.example' });
  });

  test('what a load balancer lets pass, passes: it is the service that must not believe it', () => {
    expect(
      seen(
        from(
          '127.0.0.1',
          'Forwarded',
          'for=6.6.6.6',
          'X-Forwarded-Host',
          'evil.example',
          'traceparent',
          '00-x',
        ),
      ),
    ).toMatchObject({ forwarded: 'for=6.6.6.6', 'x-forwarded-host': 'evil.example', traceparent: '00-x' });
  });

  test('headers whose names are none are dropped', () => {
    const headers = seen(from('127.0.0.1', 'X_Forwarded_For', '6.6.6.6', 'X.Odd', '1', 'X-Even', '2'));
    expect(Object.keys(headers)).not.toContain('x_forwarded_for');
    expect(Object.keys(headers)).not.toContain('x.odd');
    expect(headers).toMatchObject({ 'x-even': '2' });
  });

  test('headers of one connection stay with it, and those that it names', () => {
    expect(
      endToEnd([
        ...['Connection', 'keep-alive, X-Private', 'X-Private', '1', 'Transfer-Encoding', 'chunked'],
        ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Length', '3'],
      ]),
    ).toEqual(['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Length', '3']);
  });
});

describe('the trace’s id', () => {
  test('is given to a request that has none', () => {
    expect(traceId(undefined, Date.parse('2026-11-23T02:00:00Z'))).toMatch(/^Root=1-6b039e20-[0-9a-f]{24}$/);
    expect(traceId(undefined).slice(5)).toMatch(ROOT);
  });

  test('keeps a client’s root, and gets a field of its own', () => {
    const root = 'Root=1-67891233-abcdef012345678912345678';
    const [self, ...rest] = traceId(`${root};Sampled=1;Lineage=x`).split(';');
    expect(self?.replace('Self=', '')).toMatch(ROOT);
    expect(rest).toEqual([root, 'Sampled=1', 'Lineage=x']);
  });

  test('has the field of its own written anew, and a root put before what has none', () => {
    const given = 'Self=1-11111111-111111111111111111111111';
    expect(traceId(`${given};Root=1-67891233-abcdef012345678912345678`)).not.toContain(given);
    expect(traceId('CalledFrom=app')).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};CalledFrom=app$/);
  });
});
