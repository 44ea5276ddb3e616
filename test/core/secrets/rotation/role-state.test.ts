import type { Client } from 'pg';
import { readRole, settingKey } from '../../../../core/secrets/rotation/role-state';

/** Answers every query with this row, and notes the query. */
function server(row: object | undefined) {
  const asked: string[] = [];
  const query = (text: string) => {
    asked.push(text);
    return Promise.resolve({ rows: row === undefined ? [] : [row] });
  };
  return { client: { query } as unknown as Client, asked };
}

const empty = { attributes: {}, memberships: [], settings: [], grants: [] };

test.each([
  [140_000, false, false],
  [150_018, true, false],
  [160_000, true, true],
])('PostgreSQL %i is asked for what it has', async (version, hasParameters, hasOptions) => {
  const { client, asked } = server(empty);
  await readRole(client, 'app', version);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.includes('pg_parameter_acl')).toBe(hasParameters);
  expect(asked[0]?.includes('m.inherit_option')).toBe(hasOptions);
  expect(asked[0]?.includes('m.set_option')).toBe(hasOptions);
});

test('a role that there is not is no state', async () => {
  await expect(readRole(server(undefined).client, 'app', 150_018)).resolves.toBeUndefined();
});

test('a setting may hold what separates it from its name', async () => {
  const { client } = server({ ...empty, settings: [{ database: null, setting: 'search_path=a=b, "c=d"' }] });
  const state = await readRole(client, 'app', 150_018);
  expect(state?.settings.get(settingKey({ database: undefined, name: 'search_path' }))?.value).toBe(
    'a=b, "c=d"',
  );
});
