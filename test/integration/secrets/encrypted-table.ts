import { escapeIdentifier, type Client } from 'pg';
import { encrypt, newRing, advance, type DataKeyRing, type RowText } from '../../../core/secrets/key-ring';

export const POLICY = { publishSeconds: 60, cacheSeconds: 60, maxTokenSeconds: 60, backupSeconds: 60 };

/** A ring, and the same ring after a rotation: its keys are old, current and next. */
export function twoRings(): { before: DataKeyRing; after: DataKeyRing } {
  const before = newRing('A256GCM', new Date('2026-11-28T00:00:00Z'), POLICY);
  return { before, after: advance(before, new Date('2026-11-28T00:01:00Z'), POLICY).ring };
}

/** As the product would say it: the row's id, in the table that is meant. */
export function contextOf(row: RowText) {
  return { table: 'public.users', column: 'ssn', id: row['id'] ?? '' };
}

export function ciphertext(ring: DataKeyRing, id: number, plaintext: string): string {
  return encrypt(ring, plaintext, contextOf({ id: String(id) }));
}

/** A table of users with these many encrypted values, `value 1` and so on. */
export async function createUsers(
  client: Client,
  name: string,
  ring: DataKeyRing,
  count: number,
): Promise<void> {
  const table = escapeIdentifier(name);
  await client.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY, ssn text, note text)`);
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  await client.query(`INSERT INTO ${table} SELECT * FROM unnest($1::bigint[], $2::text[])`, [
    ids,
    ids.map((id) => ciphertext(ring, id, `value ${id}`)),
  ]);
}

/** Every value that a table of users holds, by id. */
export async function valuesOf(client: Client, name: string): Promise<{ id: number; ssn: string }[]> {
  const { rows } = await client.query<{ id: number; ssn: string }>(
    `SELECT id::int, ssn FROM ${escapeIdentifier(name)} WHERE ssn IS NOT NULL ORDER BY id`,
  );
  return rows;
}
