import type { ReactElement } from 'react';
import { Page } from '../src/ui/page';

export default function NotFound(): ReactElement {
  return (
    <Page narrow>
      <title>Not found · GoLive</title>
      <h1>There is no such page</h1>
      <p>The address may be old, or mistyped.</p>
      <p>
        <a className="button" href="/">
          To the status page
        </a>
      </p>
    </Page>
  );
}
