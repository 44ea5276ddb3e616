/** Asks for page after page, until one has no marker. */
export async function allPages<Page extends { Marker?: string | undefined }>(
  ask: (marker: { Marker?: string }) => Promise<Page>,
): Promise<Page[]> {
  const pages: Page[] = [];
  let marker: string | undefined;
  do {
    const page = await ask(marker === undefined ? {} : { Marker: marker });
    pages.push(page);
    marker = page.Marker;
  } while (marker !== undefined && marker !== '');
  return pages;
}
