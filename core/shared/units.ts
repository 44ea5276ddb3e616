/** `67.3 MB`: bytes for people, in powers of ten as discs and networks are sold. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  return power === 0 ? `${count} B` : `${(count / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** `750,312` */
export function count(number: number): string {
  return number.toLocaleString('en-GB');
}

/** `3 rows`, `1 row` */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** `850 ms`, `8.2 s`, `1 min 05 s` */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** How long ago, from S3's whole seconds: `just now`, `12 s ago`. */
export function age(milliseconds: number): string {
  return milliseconds < 1500
    ? 'just now'
    : `${duration(Math.round(milliseconds / 1000) * 1000).replace('.0', '')} ago`;
}
