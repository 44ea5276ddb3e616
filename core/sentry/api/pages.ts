/**
 * The cursor of the next page. Sentry links to a next page also when there is none, and says with `results` whether
 * there is. Only the cursor is taken: the token goes nowhere but where it is meant to.
 * https://docs.sentry.io/api/pagination/
 *
 * @param link the header of a list
 * @returns undefined on the last page
 */
export function nextCursor(link: string | null): string | undefined {
  for (const part of (link ?? '').split(/,(?=\s*<)/)) {
    const parameters = new Map(
      [...part.matchAll(/;\s*([a-z]+)="([^"]*)"/gi)].map(([, name, value]) => [name, value]),
    );
    if (parameters.get('rel') === 'next' && parameters.get('results') === 'true')
      return parameters.get('cursor');
  }
  return undefined;
}
