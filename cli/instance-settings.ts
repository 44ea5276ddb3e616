import { readFile } from 'node:fs/promises';
import { InstanceSettings } from '../core/backup/restore/instance';
import { jsonOrUndefined } from '../core/shared/json';
import { UsageError } from './errors';

/**
 * What a file of `--settings` says.
 *
 * @throws UsageError
 */
export async function settingsIn(file: string | undefined): Promise<InstanceSettings | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`--settings ${file} could not be read: ${(error as Error).message}`);
  });
  const parsed = InstanceSettings.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  throw new UsageError(
    `--settings ${file} is not understood: ${problems.join('; ')}; give some of ${Object.keys(InstanceSettings.shape).join(', ')}`,
  );
}

/**
 * A name that is none would accept nothing, and nobody would notice.
 *
 * @throws UsageError
 */
export function acceptedIn(names: readonly string[] = []): readonly string[] {
  const settings = Object.keys(InstanceSettings.shape);
  const unknown = names.filter((name) => !settings.includes(name));
  if (unknown.length === 0) return names;
  throw new UsageError(
    `--accept-difference got ${unknown.join(', ')}, which is no setting: give one of ${settings.join(', ')}`,
  );
}
