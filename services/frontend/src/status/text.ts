/** `1.2 ms`, `14 ms`, or that there was no answer. */
export function latencyText(latencyMs: number | null): string {
  if (latencyMs === null) return 'no answer';
  const rounded = latencyMs < 10 ? Math.round(latencyMs * 10) / 10 : Math.round(latencyMs);
  return `${rounded} ms`;
}

/** As git shortens them. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** A version as it is, or of a hash (`sha256:…` or bare) so much that it is told from others: 12 digits, as registries do. */
export function shortVersion(version: string): string {
  const [, hash] = /^(?:sha256:)?([0-9a-f]{32,})$/.exec(version) ?? [];
  return hash?.slice(0, 12) ?? version;
}

export interface Link {
  readonly text: string;
  /** Undefined where it is no address that a browser may follow. */
  readonly href: string | undefined;
}

/** A repository by its path, such as `acme/shop`, with a link only where it leads to a site by HTTPS. */
export function repositoryLink(repository: string): Link {
  if (!URL.canParse(repository)) return { text: repository, href: undefined };
  const { protocol, href, host, pathname } = new URL(repository);
  if (protocol !== 'https:') return { text: repository, href: undefined };
  const path = pathname.replace(/^\/|(?:\.git)?\/?$/g, '');
  return { text: path === '' ? host : path, href };
}

const STEPS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** How long ago something was, as a person would say it: `3 minutes ago`. */
export function ageText(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  const [unit, length] = STEPS.find(([, size]) => seconds >= size) ?? ['second', 1];
  const count = Math.floor(seconds / length);
  if (unit === 'second' && count < 10) return 'just now';
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}

/** `30 Nov 2026, 14:03 UTC`, or in the zone that is given. */
export function momentText(iso: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    timeZone,
  }).format(new Date(iso));
}

/** `about a minute`, `about 5 minutes`, `30 seconds`. */
export function waitText(seconds: number): string {
  if (seconds < 60) return seconds === 1 ? '1 second' : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? 'about a minute' : `about ${minutes} minutes`;
}
