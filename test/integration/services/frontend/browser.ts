import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { findTools } from '../../../../local/tools';

const BROWSER_ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const PHONE = { width: 320, height: 640 };

/** A page of somebody's browser. */
export class Visit {
  /** What the browser complained of; among them would be whatever the content security policy had to stop. */
  readonly complaints: string[] = [];

  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => {
      // A page that says 401 or 503 is noted by the browser, too.
      const isStatus = /status of (?:401|404|503)/.test(message.text());
      if (message.type() === 'error' && !isStatus) this.complaints.push(message.text());
    });
  }

  async signIn({ email, password }: { readonly email: string; readonly password: string }): Promise<void> {
    await this.page.getByLabel('E-mail address').fill(email);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Faults of a weight that keeps somebody out, and how far there is to scroll sideways. */
  async barriers(): Promise<{ readonly faults: string[]; readonly sideways: number }> {
    // By the browser's own tools, which our content security policy does not bind.
    await this.page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
    const { violations } = await this.page.evaluate<AxeResults>('axe.run()');
    const faults = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    const { scrollWidth, clientWidth } = await this.page.evaluate<
      Record<'scrollWidth' | 'clientWidth', number>
    >(
      '({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth })',
    );
    return { faults, sideways: scrollWidth - clientWidth };
  }
}

export const NO_BARRIERS = { faults: [], sideways: 0 };

export async function startBrowser(): Promise<Browser> {
  const { chromium: executablePath } = await findTools();
  if (executablePath === undefined) throw new Error('no browser was found; npm test installs one');
  return chromium.launch({ executablePath, args: BROWSER_ARGUMENTS });
}

/** Somebody opens an address, in a browser that remembers nobody. */
export async function visit(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ timezoneId: 'Europe/Berlin', ...options });
  const visiting = new Visit(context, await context.newPage());
  await visiting.page.goto(address);
  return visiting;
}
