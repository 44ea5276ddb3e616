import { statementsIn } from '../../../../core/backup/drill/roles';

describe('the statements of what pg_dumpall wrote', () => {
  test('are told apart by semicolons that end them, not by those in names, texts and comments', () => {
    expect(
      statementsIn(`--
-- Roles; with 'a quote
--
\\restrict abc

CREATE ROLE "odd; name";
ALTER ROLE "odd; ""name" WITH NOSUPERUSER LOGIN; -- said;
COMMENT ON ROLE app IS 'it''s; -- no comment
over two lines';
ALTER ROLE app SET search_path TO 'a-b', 'public';

-- User Config "app"
`),
    ).toEqual([
      '\\restrict abc\n\nCREATE ROLE "odd; name"',
      'ALTER ROLE "odd; ""name" WITH NOSUPERUSER LOGIN',
      `COMMENT ON ROLE app IS 'it''s; -- no comment\nover two lines'`,
      `ALTER ROLE app SET search_path TO 'a-b', 'public'`,
    ]);
  });

  test('take no time for a text that never ends', () => {
    const began = performance.now();
    expect(statementsIn(`'${'--"'.repeat(100_000)}`)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
