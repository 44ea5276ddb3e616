import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter(Boolean);
const textFiles = tracked.filter((path) => !/\.(png|jpg|ico)$/.test(path));

/** GitHub's own anchors: lower case, punctuation dropped, spaces to hyphens. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replace(/ /g, '-'),
  );
}

describe('the repository', () => {
  it('locks packages by version and hash, not by the address they came from', () => {
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
    const addressed = Object.entries(lock.packages).filter(
      ([, { resolved }]) => resolved !== undefined && !/^services\/[a-z]+$/.test(resolved),
    );
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
    expect(addressed).toEqual([]);
  });

  it('locks the optional packages of every platform, or npm ci refuses the lock', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const paths = Object.keys(packages);
    const missing = Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))
        .map((name) => `${from} → ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('pins every direct dependency to one version', () => {
    const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
    const ranges = Object.entries({ ...manifest['dependencies'], ...manifest['devDependencies'] }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(ranges).toEqual([]);
  });

  it('names no absolute path of the machine it was written on', () => {
    const home = /(^|[\s"'`(=])\/(root|work|home\/[a-z]+)\//m;
    expect(home.test('see /root/notes')).toBe(true);
    expect(textFiles.filter((path) => home.test(read(path)) && path !== 'test/repository.test.ts')).toEqual(
      [],
    );
  });

  it('documents every script that the README asks for', () => {
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
    const asked = [...read('README.md').matchAll(/npm (?:run )?(?:--silent )?([a-z][a-z:-]+)/g)].map(
      ([, name]) => name,
    );
    expect(asked).toContain('demo');
    expect(asked.filter((name) => name !== undefined && name !== 'ci' && !(name in scripts))).toEqual([]);
  });

  it('has every runbook section that code points an operator to', () => {
    const sections = anchorsOf(read('docs/runbook.md'));
    const pointers = tracked
      .filter((path) => /^(lib|core|cli|lambdas)\/.*\.ts$/.test(path))
      .flatMap((path) => [...read(path).matchAll(/runbook\.md#([a-z0-9-]+)/g)].map(([, anchor]) => anchor));
    expect(sections).toContain('restoring');
    expect(pointers.filter((anchor) => anchor !== undefined && !sections.includes(anchor))).toEqual([]);
  });

  it('says in the runbook what to do about every error that a function can log', () => {
    const codes = tracked
      .filter((path) =>
        /^(core\/backup\/(dump|snapshot)|core\/(postgres|secrets)|lambdas)\/.*\.ts$/.test(path),
      )
      .flatMap((path) => [...read(path).matchAll(/readonly code = '(\w+)'/g)].map(([, code]) => code));
    const explained = read('docs/runbook.md');
    expect(codes).toContain('ClientTooOldError');
    expect(codes.filter((code) => !explained.includes(`\`${code}\``))).toEqual([]);
  });

  it('has no broken link between its own documents', () => {
    const broken = tracked
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#([^)]+))?\)/g)].flatMap(
          ([, link, anchor]) => {
            const target = join(path, '..', link ?? '');
            const exists = tracked.some(
              (file) => file === target || file.startsWith(`${target.replace(/\/$/, '')}/`),
            );
            const anchored = !anchor || !exists || anchorsOf(read(target)).includes(anchor);
            return exists && anchored ? [] : [`${path} → ${link}${anchor ? `#${anchor}` : ''}`];
          },
        ),
      );
    expect(broken).toEqual([]);
  });
});
