/** In a migration: the file is one statement that PostgreSQL takes outside a transaction only. Says why behind it. */
const ALONE = /^--\s*outside a transaction:\s*\S/im;

/** Whether a migration is run without a transaction around it. */
export function runsAlone(sql: string): boolean {
  return ALONE.test(sql);
}
