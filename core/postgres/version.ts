/** The major version of `server_version_num`: 17 of 170005. */
export function majorOf(versionNumber: number): number {
  return Math.floor(versionNumber / 10_000);
}

/** What a PostgreSQL program says of itself with `--version`; undefined when it says something else. */
export function programVersion(stdout: string): { version: string; majorVersion: number } | undefined {
  const [, version, major] = /\(PostgreSQL\) ((\d+)[.\w]*)/.exec(stdout) ?? [];
  return version === undefined ? undefined : { version, majorVersion: Number(major) };
}
