import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rdsAuthorities } from '../../../../core/postgres/rds-authorities';

/** The file with the authorities that sign the database's certificate. RDS's own come with the image. */
export async function databaseAuthorities(configured: string | undefined): Promise<string> {
  if (configured !== undefined) return configured;
  const file = join(await mkdtemp(join(tmpdir(), 'golive-authorities-')), 'rds.pem');
  await writeFile(file, rdsAuthorities());
  return file;
}
