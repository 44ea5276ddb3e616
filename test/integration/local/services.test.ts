import { randomBytes } from 'node:crypto';
import { startPlatform, type LocalPlatform } from '../../../local/platform';
import { showOneTrace } from '../../../local/demo/trace';
import { isAlive, until } from '../../support/processes';
import { NO_BARRIERS, PHONE, startBrowser, visit } from '../services/frontend/browser';
import { synthesisedLocal } from '../support/synthesised';

/** What is built takes its time on a machine that does other things, too. */
const PATIENCE_MS = 600_000;

/** The very bundles behind the load balancer of the template. One platform for all of it. */
describe('the services on this machine', () => {
  let assembly: string;
  let platform: LocalPlatform;

  beforeAll(async () => {
    assembly = await synthesisedLocal();
    platform = await startPlatform({ assembly, services: 'later' });
  }, PATIENCE_MS);

  afterAll(async () => {
    await platform?.stop();
  });

  const api = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${platform.services!.origin}${path}`, { headers });

  test(
    'until they are deployed nothing is said of them, and then one request is one trace',
    async () => {
      expect(platform.services).toBeUndefined();
      expect(platform.resources.filter(({ stack }) => stack === 'local-Services')).toEqual([]);
      const { result } = await showOneTrace(platform, () => undefined);
      expect(result).toMatch(/^\d+ spans of one trace: the frontend → the gateway → PostgreSQL → Redis/);
    },
    PATIENCE_MS,
  );

  test('each resource of theirs says how it is played, and a service what it is told differently', () => {
    const treated = (type: string) =>
      platform.resources.filter((resource) => resource.type === type).map(({ treatment }) => treatment);
    expect(treated('AWS::ECS::Service')).toEqual(['executed', 'executed']);
    expect(treated('Custom::Migrations')).toEqual(['executed']);
    expect(treated('AWS::ElasticLoadBalancingV2::LoadBalancer')).toEqual(['executed']);
    const notes = platform.resources
      .filter(({ type }) => type === 'AWS::ECS::Service')
      .map(({ note }) => note);
    for (const note of notes)
      expect(note).toMatch(/free ports \(PORT[^]*the span sink in place of the collector/);
  });

  test('paths go where the template says', async () => {
    const problem = await api('/api/v1/status');
    expect([problem.status, problem.headers.get('content-type')]).toEqual([
      401,
      expect.stringContaining('application/problem+json'),
    ]);
    expect((await api('/sign-in')).headers.get('content-type')).toContain('text/html');
    // The ports behind it have other paths, too, which nobody reaches from outside.
    expect((await api('/health/live')).status).toBe(200);
    expect((await api('/metrics')).status).toBe(404);
  });

  test.each([
    ['light', { width: 1180, height: 900 }],
    ['dark', PHONE],
  ] as const)(
    'somebody signs in through the load balancer, sees what is in the database, and signs out (%s)',
    async (colorScheme, viewport) => {
      const services = platform.services!;
      const person = {
        email: `${colorScheme}@golive.example`,
        password: randomBytes(15).toString('base64url'),
      };
      await services.run('gateway', {
        command: ['node', '/app/main.js', 'create-user', '--email', person.email, '--name', 'Ada'],
        input: person.password,
      });
      const browser = await startBrowser();
      try {
        const here = await visit(browser, `${services.origin}/`, { colorScheme, viewport });
        const { page, context } = here;
        expect(await here.barriers()).toEqual(NO_BARRIERS);
        await here.signIn({ ...person, password: 'not the password' });
        await page.getByText('That did not work').first().waitFor();
        await here.signIn(person);
        await page.getByRole('heading', { name: 'Everything works' }).waitFor();
        for (const project of ['Storefront', 'Billing', 'Search']) {
          await page.getByText(project, { exact: true }).first().waitFor();
        }
        expect(await here.barriers()).toEqual(NO_BARRIERS);

        const [session] = await context.cookies();
        expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByText('You are signed out').waitFor();
        expect(await context.cookies()).toEqual([]);
        // Who kept the cookie has nothing of it.
        await context.addCookies([session!]);
        await page.goto(`${services.origin}/`);
        await page.getByLabel('E-mail address').waitFor();
        expect(here.complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    PATIENCE_MS,
  );

  test(
    'a rolling restart of the gateway fails no request, and the frontend finds the new one',
    async () => {
      const services = platform.services!;
      const before = services.pid('gateway');
      const statuses: number[] = [];
      let isDone = false;
      const asking = Array.from({ length: 4 }, async () => {
        while (!isDone) statuses.push((await api('/api/v1/status')).status);
      });
      await services.restart('gateway');
      isDone = true;
      await Promise.all(asking);
      // Whoever asks so often is told to ask less: that is an answer of the gateway's, too.
      expect(statuses.filter((status) => status !== 401 && status !== 429)).toEqual([]);
      expect(statuses.length).toBeGreaterThan(50);
      expect(services.pid('gateway')).not.toBe(before);
      expect(isAlive(before)).toBe(false);
      const signIn = await fetch(`${services.origin}/session`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: services.origin },
        body: new URLSearchParams({ email: 'nobody@golive.example', password: 'not the password' }),
      });
      // The frontend asked the new gateway, which knows no such user.
      expect([signIn.status, signIn.headers.get('location')]).toEqual([
        303,
        expect.stringContaining('/sign-in'),
      ]);
      expect(await services.log('gateway')).toContain('"message":"ended"');
    },
    PATIENCE_MS,
  );

  test(
    'a gateway that is killed is replaced',
    async () => {
      const services = platform.services!;
      const before = services.pid('gateway');
      process.kill(before, 'SIGKILL');
      await until(() => services.pid('gateway') !== before);
      expect((await api('/api/v1/status')).status).toBeLessThan(500);
    },
    PATIENCE_MS,
  );

  test('what is asked of a service that is not there says which there are', async () => {
    await expect(platform.services!.log('billing')).rejects.toThrow(/there are: gateway, frontend/);
  });
});
