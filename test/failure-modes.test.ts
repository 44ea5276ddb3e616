import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..');
const MODES = 34;

interface Mode {
  readonly number: number;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
  readonly cannotHappen: boolean;
}

function modesOf(markdown: string): Mode[] {
  return markdown
    .split(/^### /m)
    .slice(1)
    .map((section) => ({
      number: Number.parseInt(section, 10),
      tests: [...section.matchAll(/^- `([^`]+)`: ([^\n]+(?:\n {2}[^\n]+)*)/gm)].map(([, file, title]) => ({
        file: file!,
        title: title!.replace(/\n +/g, ' '),
      })),
      cannotHappen: /^Cannot happen: \S/m.test(section),
    }));
}

/** What is wrong with the page: a mode that is missing or unproven, and a test that is not there. */
function faultsOf(markdown: string): string[] {
  const modes = modesOf(markdown);
  const missing = Array.from({ length: MODES }, (_, index) => index + 1).filter(
    (number) => modes.filter((mode) => mode.number === number).length !== 1,
  );
  return [
    ...missing.map((number) => `mode ${number} is not there once`),
    ...modes.flatMap(({ number, tests, cannotHappen }) =>
      tests.length === 0 && !cannotHappen ? [`mode ${number} has neither a test nor a reason`] : [],
    ),
    ...modes.flatMap(({ number, tests }) =>
      tests
        .filter((test) => !isThere(test))
        .map(({ file, title }) => `mode ${number}: no test "${title}" in ${file}`),
    ),
  ];
}

/** The title stands in the file as it is written there, with whatever quotes. */
function isThere({ file, title }: { file: string; title: string }): boolean {
  const path = join(root, file);
  if (!existsSync(path)) return false;
  const code = readFileSync(path, 'utf8').replace(/\\(['"`])/g, '$1');
  return ["'", '"', '`'].some((quote) => code.includes(`${quote}${title}${quote}`));
}

test('every failure mode that the field knows has a test by its name, or a reason why it cannot happen', () => {
  expect(faultsOf(readFileSync(join(root, 'docs/failure-modes.md'), 'utf8'))).toEqual([]);
});

test('a mode that is missing, unproven, or proven by a test that is not there is noticed', () => {
  // Put together here, or this file would hold it.
  const absent = ['no', 'such', 'title'].join(' ');
  const bad = `
### 1. Proven by nothing
### 2. Proven by what is not there
- \`test/failure-modes.test.ts\`: ${absent}
### 3. Proven
- \`test/failure-modes.test.ts\`: every failure mode that the field knows has a test by its name, or a reason why it cannot happen
### 4. Not possible

Cannot happen: there is a reason.
`;
  const faults = faultsOf(bad);
  expect(faults).toContain('mode 1 has neither a test nor a reason');
  expect(faults).toContain(`mode 2: no test "${absent}" in test/failure-modes.test.ts`);
  expect(faults.filter((fault) => /^mode [34]\b/.test(fault))).toEqual([]);
  expect(faults).toContain('mode 34 is not there once');
});
