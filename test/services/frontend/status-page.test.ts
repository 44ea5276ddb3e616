import { stateCounts, stateOf, summaryOf } from '../../../services/frontend/src/status/summary';
import {
  ageText,
  latencyText,
  momentText,
  repositoryLink,
  shortCommit,
  shortVersion,
  waitText,
} from '../../../services/frontend/src/status/text';
import { cursorOf } from '../../../services/frontend/src/status/read-status';

describe('what the status page says first', () => {
  const answers = { ok: true, latencyMs: 1 };
  const away = { ok: false, latencyMs: null };

  it('is the worst of it', () => {
    expect(summaryOf({ database: away, cache: away })).toMatchObject({
      tone: 'bad',
      title: 'The database does not answer',
    });
    expect(summaryOf({ database: answers, cache: away })).toMatchObject({ tone: 'warning' });
    expect(summaryOf({ database: answers, cache: answers })).toMatchObject({
      tone: 'good',
      title: 'Everything works',
    });
  });
});

describe('deployments by state', () => {
  it('come in the order in which a deployment goes through them, and fill the bar', () => {
    const counts = stateCounts({ failed: 1, live: 2, queued: 1 });
    expect(counts.map(({ label, count, from, share }) => [label, count, from, share])).toEqual([
      ['Queued', 1, 0, 25],
      ['Building', 0, 25, 0],
      ['Live', 2, 25, 50],
      ['Failed', 1, 75, 25],
      ['Rolled back', 0, 100, 0],
    ]);
  });

  it('are empty where nothing was deployed', () => {
    expect(stateCounts({}).every(({ count, share }) => count === 0 && share === 0)).toBe(true);
  });

  it('show a state that is not known here by its name, last', () => {
    expect(stateCounts({ half_open: 3 }).at(-1)).toMatchObject({
      label: 'Half open',
      count: 3,
      tone: 'quiet',
    });
    expect(stateOf('live')).toEqual({ name: 'live', label: 'Live', tone: 'good' });
  });
});

describe('the words of the page', () => {
  const now = Date.parse('2026-11-30T12:00:00Z');

  it.each([
    ['2026-11-30T11:59:55Z', 'just now'],
    ['2026-11-30T11:59:20Z', '40 seconds ago'],
    ['2026-11-30T11:58:59Z', '1 minute ago'],
    ['2026-11-30T09:00:00Z', '3 hours ago'],
    ['2026-11-28T11:00:00Z', '2 days ago'],
    ['2026-11-30T12:00:09Z', 'just now'],
  ])('tell the age of %s: %s', (iso, text) => {
    expect(ageText(iso, now)).toBe(text);
  });

  it('tell a moment in the zone that is asked for', () => {
    expect(momentText('2026-11-30T23:30:00Z', 'UTC')).toBe('30 Nov 2026, 23:30 UTC');
    expect(momentText('2026-11-30T23:30:00Z', 'Europe/Berlin')).toMatch(/^1 Dec 2026, 00:30/);
  });

  it('tell a latency, a commit and a wait', () => {
    expect([0.44, 9.96, 14.4, null].map(latencyText)).toEqual(['0.4 ms', '10 ms', '14 ms', 'no answer']);
    expect(shortCommit('0f3c9a07d1e4')).toBe('0f3c9a0');
    const hash = '0f3c9a07d1e4'.padEnd(64, '0');
    expect([hash, `sha256:${hash}`, '1.4.0'].map(shortVersion)).toEqual([
      '0f3c9a07d1e4',
      '0f3c9a07d1e4',
      '1.4.0',
    ]);
    expect([1, 30, 60, 61].map(waitText)).toEqual([
      '1 second',
      '30 seconds',
      'about a minute',
      'about 2 minutes',
    ]);
  });

  it('link a repository only where a browser may follow it', () => {
    expect(repositoryLink('https://github.com/acme/shop.git')).toEqual({
      text: 'acme/shop',
      href: 'https://github.com/acme/shop.git',
    });
    expect(repositoryLink('https://git.example/')).toEqual({
      text: 'git.example',
      href: 'https://git.example/',
    });
    for (const unsafe of ['javascript:alert(1)', 'http://git.example/a', 'acme/shop']) {
      expect(repositoryLink(unsafe)).toEqual({ text: unsafe, href: undefined });
    }
  });

  it('take a cursor only if a list could have given it', () => {
    expect(cursorOf('MjA')).toBe('MjA');
    for (const value of [undefined, ['a', 'b'], 'a b', '<script>', 'a'.repeat(101)])
      expect(cursorOf(value)).toBeUndefined();
  });
});
