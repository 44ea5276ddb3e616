import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { startSpanSink, type SpanSink } from '../../../local/span-sink';
import { securityHeaders } from '../../../services/frontend/src/security/headers';
import { ADA, GatewayDouble } from '../../services/frontend/support/gateway-double';
import { until } from '../../support/processes';
import { buildForRelease, ROOT, type FrontendBuild } from './frontend/build';
import { NO_BARRIERS, PHONE, startBrowser, visit, type Visit } from './frontend/browser';
import { SentryDouble } from './frontend/sentry-double';
import { FrontendProcess, type Page } from './frontend/server';

/** Building may have to share two processors with others. */
const BUILD_MS = 400_000;

const checkout = () =>
  readdirSync(join(ROOT, 'services/frontend'), { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^(?:node_modules|dist)(?:\/|$)/.test(path))
    .sort();

describe('the frontend as it is deployed', () => {
  const before = checkout();
  let build: FrontendBuild;
  let gateway: GatewayDouble;
  let sentry: SentryDouble;
  let spans: SpanSink;
  let frontend: FrontendProcess;

  beforeAll(async () => {
    build = buildForRelease();
    [gateway, sentry, spans] = await Promise.all([
      GatewayDouble.start(),
      SentryDouble.start(),
      startSpanSink(),
    ]);
  }, BUILD_MS);

  afterAll(async () => {
    await Promise.all([gateway?.stop(), sentry?.stop(), spans?.close()]);
    build?.remove();
  });

  const environment = () => ({
    ...sentry.environment,
    GATEWAY_URL: gateway.url,
    OTEL_ENABLED: 'true',
    OTEL_SAMPLE_RATIO: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: spans.url,
    SHUTDOWN_DELAY_SECONDS: '1',
  });

  describe('built', () => {
    it('leaves nothing in the checkout', () => {
      expect(checkout()).toEqual(before);
    });

    it('gives browsers nothing of the server, and no source map', () => {
      const chunks = join(build.folder, 'services/frontend/.next/static');
      const files = readdirSync(chunks, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
      expect(files.filter(({ name }) => name.endsWith('.map'))).toEqual([]);
      for (const { parentPath, name } of files.filter(({ name: file }) => /\.(?:js|css)$/.test(file))) {
        const text = readFileSync(join(parentPath, name), 'utf8');
        expect(text).not.toMatch(/sourceMappingURL|GATEWAY_URL|SENTRY_DSN|api\/v1\/|golive-session/i);
      }
    });

    it('keeps source maps aside, each with the debug id of its code', () => {
      const maps = join(build.folder, 'source-maps');
      const code = readdirSync(maps, { recursive: true, encoding: 'utf8' }).filter((path) =>
        path.endsWith('.js'),
      );
      expect(code).toContain('main.js');
      expect(code.some((path) => path.startsWith('static/chunks/'))).toBe(true);
      for (const path of code) {
        const text = readFileSync(join(maps, path), 'utf8');
        const [, id] = /\/\/# debugId=([0-9a-f-]{36})/.exec(text) ?? [];
        const [, map = `${path.split('/').at(-1)}.map`] = /\/\/# sourceMappingURL=(\S+)/.exec(text) ?? [];
        const source = readFileSync(join(maps, path, '..', decodeURIComponent(map)), 'utf8');
        expect([path, (JSON.parse(source) as { debugId?: string }).debugId]).toEqual([path, id]);
      }
    });
  });

  describe('behind a load balancer', () => {
    beforeAll(async () => {
      frontend = await FrontendProcess.start(build.main, environment(), 'https://golive.example');
    });

    beforeEach(() => {
      frontend.cookies.clear();
      gateway.mode = { kind: 'working' };
    });

    afterAll(() => frontend?.stop());

    const nonceOf = ({ headers }: Page) =>
      /'nonce-([^']+)'/.exec(String(headers['content-security-policy']))?.[1] ?? 'none';

    const expectProtected = (path: string, { headers }: Page) => {
      const expected = Object.entries(securityHeaders({ https: true }));
      const actual = expected.map(([name]) => [name, headers[name.toLowerCase()]]);
      expect([path, ...actual]).toEqual([path, ...expected]);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'nonce-/);
      expect(headers).not.toHaveProperty('x-powered-by');
    };

    it.each([
      ['/', 307],
      ['/sign-in', 200],
      ['/nowhere', 404],
      ['/nowhere/else?a=b', 404],
      ['/icon.svg', 200],
      ['/health/live', 200],
      ['/health/ready', 200],
      ['/_next/static/none.js', 404],
      ['/_next/image?url=/icon.svg&w=64&q=75', 404],
      ['//evil.example/', 308],
      ['/%E0%A4%A', 404],
      ['/session', 405],
    ])('%s answers %i with every security header', async (path, status) => {
      const page = await frontend.ask(path);
      expect([path, page.status]).toEqual([path, status]);
      expectProtected(path, page);
    });

    it('files have the headers, too, and may be kept', async () => {
      const { body } = await frontend.ask('/sign-in');
      const files = [...body.matchAll(/(?:src|href)="(\/_next\/static\/[^"]+)"/g)].map(
        ([, path = '']) => path,
      );
      expect(files.length).toBeGreaterThan(3);
      for (const path of files) {
        const file = await frontend.ask(path);
        expect([path, file.status, file.headers['cache-control']]).toEqual([
          path,
          200,
          'public, max-age=31536000, immutable',
        ]);
        expectProtected(path, file);
        expect((await frontend.ask(`${path}.map`)).status).toBe(404);
      }
    });

    it.each(['/sign-in', '/nowhere'])(
      'every script of %s carries the nonce, and no style stands in it',
      async (path) => {
        const page = await frontend.ask(path);
        const scripts = [...page.body.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
        expect(scripts.length).toBeGreaterThan(2);
        const nonce = nonceOf(page);
        expect(scripts.filter((tag) => !tag.includes(`nonce="${nonce}"`))).toEqual([]);
        expect(page.body).not.toMatch(/<style|\sstyle=|\son\w+=/);
        expect(nonceOf(await frontend.ask(path))).not.toBe(nonce);
      },
    );

    it.each([
      ['another site', { origin: 'https://evil.example' }],
      ['where nobody says', {}],
    ])('a form from %s is refused', async (_, headers: Record<string, string>) => {
      const page = await frontend.ask('/session', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams(ADA).toString(),
      });
      expect(page.status).toBe(403);
      expect(page.headers).not.toHaveProperty('set-cookie');
      expectProtected('/session', page);
    });

    it('wrong credentials are told once, without which of both, and the address is kept', async () => {
      const { answer, next } = await frontend.send('/session', { ...ADA, password: 'wrong' });
      expect([answer.status, answer.headers.location, next.status]).toEqual([303, '/sign-in', 401]);
      expectProtected('/session', answer);
      expectProtected('/sign-in', next);
      expect(next.body).toContain('The address or the password is wrong.');
      expect(next.body).toContain(`value="${ADA.email}"`);
      expect(next.body).toContain('<title>Error: Sign in');
      expect(next.body).not.toContain('value="wrong"');
      const again = await frontend.ask('/sign-in');
      expect([again.status, again.body.includes('The address or the password is wrong.')]).toEqual([
        200,
        false,
      ]);
    });

    it('too many attempts are told with the time to wait', async () => {
      gateway.mode = { kind: 'limiting', retryAfterSeconds: 90 };
      const { next } = await frontend.send('/session', ADA);
      expect([next.status, next.headers['retry-after']]).toEqual([429, '90']);
      expect(next.body).toContain('about 2 minutes');
    });

    it('a gateway that is away gets a page that says so, with status 503 and the trace id of the log', async () => {
      await frontend.send('/session', ADA);
      gateway.mode = { kind: 'unavailable', retryAfterSeconds: 30 };
      const page = await frontend.ask('/');
      expect([page.status, page.headers['retry-after']]).toEqual([503, '30']);
      expectProtected('/', page);
      expect(page.body).toContain('The status cannot be shown now');
      const [, traceId] = /<code>([0-9a-f]{32})<\/code>/.exec(page.body) ?? [];
      await until(() =>
        frontend.log().some((line) => line['trace_id'] === traceId && line['status'] === 503),
      );
      // Nobody is signed out by that.
      gateway.mode = { kind: 'working' };
      expect((await frontend.ask('/')).status).toBe(200);
    });

    it('a gateway that nobody understands does no more harm, and is reported', async () => {
      await frontend.send('/session', ADA);
      gateway.mode = { kind: 'confused' };
      expect((await frontend.ask('/')).status).toBe(503);
      await until(() => sentry.items('event').length > 0);
      expect(sentry.items('event')[0]).toMatchObject({
        tags: { component: 'gateway', code: 'GatewayAnswerError' },
        environment: 'test',
        release: '1.2.3',
      });
    });

    it('signs in, shows the status of the environment, and signs out', async () => {
      const { answer, next } = await frontend.send('/session', { ...ADA, return: '/?after=MjA' });
      expect([answer.status, answer.headers.location, next.status]).toEqual([303, '/?after=MjA', 200]);
      expect(String(answer.headers['set-cookie'])).toMatch(
        /__Host-golive-session=token\.[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax; Secure/,
      );
      for (const text of [
        'Ada Lovelace',
        'Everything works',
        '1.3 ms',
        'Rolled back',
        'Search &amp; discovery',
      ]) {
        expect(next.body).toContain(text);
      }
      expect(next.headers['cache-control']).toContain('no-store');

      const token = frontend.cookies.get('__Host-golive-session') ?? '';
      const out = await frontend.send('/sign-out');
      expect(out.next.body).toContain('You are signed out');
      expect(gateway.holds(token)).toBe(false);
      expect(frontend.cookies.has('__Host-golive-session')).toBe(false);
      expect((await frontend.ask('/')).headers.location).toBe('/sign-in');
    });

    it('a session that has ended leads to the form, with a notice, and back', async () => {
      await frontend.send('/session', ADA);
      gateway.endSessions();
      const ended = await frontend.ask('/?after=MjA');
      expect([ended.status, ended.headers.location]).toEqual([307, '/sign-in?return=%2F%3Fafter%3DMjA']);
      expect(frontend.cookies.has('__Host-golive-session')).toBe(false);
      const form = await frontend.ask(ended.headers.location ?? '');
      expect(form.body).toContain('Your session has ended');
      expect(form.body).toContain('name="return" value="/?after=MjA"');
    });

    it('no link leads elsewhere after signing in', async () => {
      const form = await frontend.ask('/sign-in?return=%2F%2Fevil.example%2F');
      expect(form.body).toContain('name="return" value="/"');
      const { answer } = await frontend.send('/session', { ...ADA, return: 'https://evil.example/' });
      expect(answer.headers.location).toBe('/');
    });

    it('one request is one trace of its own, which the gateway, the page and the log know', async () => {
      await frontend.send('/session', ADA);
      const seen = gateway.seen.length;
      const foreign = 'a'.repeat(32);
      const page = await frontend.ask('/', {
        headers: {
          traceparent: `00-${foreign}-${'b'.repeat(16)}-01`,
          'x-amzn-trace-id': `Root=1-${foreign.slice(0, 8)}-${foreign.slice(8)}`,
          'x-forwarded-for': '198.51.100.1, 203.0.113.9',
        },
      });
      const [, traceId = ''] = /<meta name="golive-trace" content="([0-9a-f]{32})"/.exec(page.body) ?? [];
      expect(traceId).not.toBe(foreign);
      const asked = gateway.seen.slice(seen);
      expect(asked.map(({ path }) => path).sort()).toEqual([
        '/api/v1/me',
        '/api/v1/projects',
        '/api/v1/status',
      ]);
      for (const { headers } of asked) {
        expect(headers['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
        expect(headers['x-forwarded-for']).toBe('203.0.113.9');
      }
      await until(() =>
        frontend.log().some((line) => line['trace_id'] === traceId && line['message'] === 'request'),
      );
      const trace = await spans.waitFor(
        (received) => received[0]?.traceId === traceId && received.some(({ name }) => name.startsWith('GET')),
      );
      expect(trace.every(({ service }) => service === 'frontend')).toBe(true);
      expect(JSON.stringify(spans.spans())).not.toMatch(/token\.|ada@golive\.example|MjA/);
    });

    it('writes nothing but JSON, and nothing secret', () => {
      expect(frontend.log().length).toBeGreaterThan(10);
      expect(JSON.stringify(frontend.log())).not.toMatch(
        /token\.|correct horse|ada@golive\.example|publickey/,
      );
    });

    it('ends without losing a request: what it does it finishes, and what still comes it answers', async () => {
      await frontend.send('/session', ADA);
      gateway.mode = { kind: 'holding' };
      const slow = frontend.ask('/');
      await until(() => gateway.held === 3);
      frontend.signal('SIGTERM');
      await until(async () => (await frontend.ask('/health/ready')).status === 503);
      expect((await frontend.ask('/health/live')).status).toBe(200);
      gateway.letGo();
      const [finished, late] = await Promise.all([slow, frontend.ask('/sign-in')]);
      expect([finished.status, late.status, late.headers.connection]).toEqual([200, 200, 'close']);
      expect(finished.body).toContain('Everything works');
      expect(await frontend.exited).toBe(0);
    });
  });

  describe('in a browser', () => {
    let browser: Browser;
    let visiting: Visit | undefined;

    beforeAll(async () => {
      gateway.mode = { kind: 'working' };
      [frontend, browser] = await Promise.all([
        FrontendProcess.start(build.main, environment()),
        startBrowser(),
      ]);
    });

    afterAll(async () => {
      await browser?.close();
      await frontend?.stop();
    });

    afterEach(async () => {
      gateway.mode = { kind: 'working' };
      await visiting?.context.close();
    });

    const open = async (options: BrowserContextOptions = {}) =>
      (visiting = await visit(browser, `${frontend.origin}/`, options));

    it.each([
      ['light', { width: 1180, height: 900 }],
      ['dark', PHONE],
    ] as const)('signs in, sees what there is, and signs out (%s)', async (colorScheme, viewport) => {
      const here = await open({ colorScheme, viewport });
      const { page, context } = here;
      expect(await here.barriers()).toEqual(NO_BARRIERS);
      await here.signIn({ ...ADA, password: 'wrong' });
      expect(await page.title()).toBe('Error: Sign in · GoLive');
      // It has the focus, so it is read out.
      expect(await page.evaluate('document.activeElement.textContent')).toContain('That did not work');
      expect(await page.getByLabel('E-mail address').inputValue()).toBe(ADA.email);
      expect(await here.barriers()).toEqual(NO_BARRIERS);

      await here.signIn(ADA);
      await page.getByRole('heading', { name: 'Everything works' }).waitFor();
      expect(await page.getByRole('row').count()).toBe(7);
      // Nobody thinks in UTC.
      await page
        .getByText(/CET\b|GMT\+1/)
        .first()
        .waitFor();
      await page.getByRole('link', { name: 'More projects' }).click();
      await page.getByRole('link', { name: 'First projects' }).waitFor();
      expect(await here.barriers()).toEqual(NO_BARRIERS);

      gateway.mode = { kind: 'unavailable', retryAfterSeconds: 30 };
      await page.reload();
      await page.getByRole('heading', { name: 'The status cannot be shown now' }).waitFor();
      expect(await here.barriers()).toEqual(NO_BARRIERS);
      gateway.mode = { kind: 'working' };
      await page.getByRole('link', { name: 'Try again' }).click();

      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out').waitFor();
      expect((await context.cookies()).map(({ name }) => name)).toEqual([]);
      await page.goto(`${frontend.origin}/nowhere`);
      expect(await here.barriers()).toEqual(NO_BARRIERS);
      expect(here.complaints).toEqual([]);
    });

    it('works with the keyboard alone, and without JavaScript', async () => {
      const { page } = await open({ javaScriptEnabled: false, viewport: PHONE });
      await page.getByLabel('E-mail address').focus();
      await page.keyboard.type(ADA.email);
      await page.keyboard.press('Tab');
      await page.keyboard.type(ADA.password);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Everything works' }).waitFor();
      await page.keyboard.press('Tab');
      expect(await page.locator(':focus').textContent()).toBe('Skip to the content');
      await page.getByRole('button', { name: 'Sign out' }).press('Enter');
      await page.getByText('You are signed out').waitFor();
    });

    it('reports what breaks in the browser by our own address, in the trace of the page, with nobody in it', async () => {
      const here = await open();
      const { page, context } = here;
      await here.signIn(ADA);
      await page.getByRole('heading', { name: 'Everything works' }).waitFor();
      // So that the one in ten is this one.
      await context.addInitScript('Math.random = () => 0.001');
      await page.reload();
      const traceId = await page.locator('meta[name="golive-trace"]').getAttribute('content');
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).origin));
      const already = sentry.items('event').length;
      await page.evaluate(`setTimeout(() => {
        const secret = 'ada@golive.example';
        throw new Error('cannot show ' + secret);
      })`);
      await until(() => sentry.items('event').length > already);
      expect(sentry.items('event').at(-1)).toMatchObject({
        environment: 'test',
        release: '1.2.3',
        contexts: { trace: { trace_id: traceId } },
        exception: { values: [{ type: 'Error', value: 'cannot show [redacted]' }] },
      });
      await until(() => sentry.items('replay_event').length > 0);
      const sent = sentry.envelopes.map(({ text }) => text).join('\n');
      expect(sent).toMatch(/replay_recording/);
      expect(sent).not.toMatch(
        /Ada Lovelace|ada@golive\.example|Storefront|Checkout|token\.|127\.0\.0\.1"|Mozilla/,
      );
      expect(new Set(asked)).toEqual(new Set([frontend.origin]));
    });
  });
});
