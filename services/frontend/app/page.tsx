import type { ReactElement } from 'react';
import { setUser } from '@golive/observability/errors';
import { currentCaller } from '../src/session/session';
import { cursorOf, readStatus } from '../src/status/read-status';
import { pageOrFailure } from '../src/ui/failed-page';
import { Page } from '../src/ui/page';
import { refusedPage } from '../src/ui/refused-page';
import { StatusView } from '../src/ui/status-view';

interface StatusPageProps {
  readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>>;
}

/** The status page: who is signed in, how the environment is, what was deployed. */
export default function StatusPage({ searchParams }: StatusPageProps): Promise<ReactElement> {
  return pageOrFailure(async () => statusPage((await searchParams)['after']));
}

async function statusPage(wanted: string | string[] | undefined): Promise<ReactElement> {
  const caller = currentCaller();
  if (!caller) return refusedPage({ kind: 'signed-out' });
  const after = cursorOf(wanted);
  const answer = await readStatus(caller, after);
  if (!answer.ok) return refusedPage(answer.refusal);
  const [user, status, projects] = answer.value;
  setUser({ id: user.id });
  return (
    <Page
      aside={
        <div className="person">
          <span className="person-name" title={user.email}>
            <span className="hidden">Signed in as </span>
            {user.name}
          </span>
          <form action="/sign-out" method="post">
            <button className="button plain" type="submit">
              Sign out
            </button>
          </form>
        </div>
      }
    >
      <title>Status · GoLive</title>
      <StatusView status={status} projects={projects} now={Date.now()} isLaterPage={after !== undefined} />
    </Page>
  );
}
