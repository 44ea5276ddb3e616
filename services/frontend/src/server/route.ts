/** The pages and addresses that there are. */
const ROUTES = new Set([
  '/',
  '/sign-in',
  '/session',
  '/sign-out',
  '/monitoring',
  '/health/live',
  '/health/ready',
]);

/** Which route a path belongs to, as logs and traces name it: few names, whatever people ask for. */
export function routeOf(path: string): string {
  if (ROUTES.has(path)) return path;
  return isFile(path) ? '(file)' : '(none)';
}

/** What Next.js serves from the disk. */
export function isFile(path: string): boolean {
  return path.startsWith('/_next/static/') || path === '/icon.svg';
}
