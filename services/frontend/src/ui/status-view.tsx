import type { ReactElement } from 'react';
import type { Deployment, Part, Project, ProjectPage, Status } from '../gateway/answers';
import { stateCounts, stateOf, summaryOf } from '../status/summary';
import { latencyText, repositoryLink, shortCommit, shortVersion } from '../status/text';
import { Badge } from './badge';
import { Moment } from './moment';

export interface StatusViewProps {
  readonly status: Status;
  readonly projects: ProjectPage;
  /** When the page is made, milliseconds. */
  readonly now: number;
  /** Whether this is not the first page of projects. */
  readonly isLaterPage: boolean;
}

export function StatusView({ status, projects, now, isLaterPage }: StatusViewProps): ReactElement {
  const { tone, title, detail } = summaryOf(status);
  return (
    <>
      <section className={`summary tone-${tone}`} aria-labelledby="summary">
        <h1 id="summary">{title}</h1>
        <p>{detail}</p>
        <p className="quiet">
          Asked <Moment iso={new Date(now).toISOString()} now={now} />. <a href="/">Ask again</a>
        </p>
      </section>

      <section aria-labelledby="parts">
        <h2 id="parts">Parts</h2>
        <dl className="parts">
          <PartState name="Database" part={status.database} />
          <PartState name="Cache" part={status.cache} />
          <Fact name="Environment" value={status.environment} />
          <Fact name="Gateway" value={`version ${shortVersion(status.version)}`} />
        </dl>
      </section>

      <States byState={status.deployments.byState} />

      <section aria-labelledby="latest">
        <h2 id="latest">Latest deployments</h2>
        {status.latest.length === 0 ? (
          <p className="empty">Nothing has been deployed yet.</p>
        ) : (
          <Latest deployments={status.latest} now={now} />
        )}
      </section>

      <section aria-labelledby="projects">
        <h2 id="projects">
          Projects <span className="count">{status.projects}</span>
        </h2>
        {projects.items.length === 0 ? (
          <p className="empty">{isLaterPage ? 'There are no more.' : 'There is no project yet.'}</p>
        ) : (
          <ul className="projects">
            {projects.items.map((project) => (
              <ProjectCard key={project.id} project={project} />
            ))}
          </ul>
        )}
        <Pages next={projects.next} isLaterPage={isLaterPage} />
      </section>
    </>
  );
}

function PartState({ name, part }: { readonly name: string; readonly part: Part }): ReactElement {
  return (
    <div className="card">
      <dt>{name}</dt>
      <dd>
        <Badge tone={part.ok ? 'good' : 'bad'}>{part.ok ? 'Answers' : 'Away'}</Badge>
        <span className="figure">{part.ok ? latencyText(part.latencyMs) : latencyText(null)}</span>
      </dd>
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactElement {
  return (
    <div className="card">
      <dt>{name}</dt>
      <dd>
        <span className="figure">{value}</span>
      </dd>
    </div>
  );
}

function States({ byState }: { readonly byState: Readonly<Record<string, number>> }): ReactElement {
  const counts = stateCounts(byState);
  return (
    <section aria-labelledby="states">
      <h2 id="states">Deployments by state</h2>
      <svg className="bar" height="12" width="100%" aria-hidden="true" focusable="false">
        <rect className="bar-ground" width="100%" height="12" />
        {counts
          .filter(({ share }) => share > 0)
          .map(({ name, tone, from, share }) => (
            <rect key={name} className={`tone-${tone}`} x={`${from}%`} width={`${share}%`} height="12" />
          ))}
      </svg>
      <dl className="states">
        {counts.map(({ name, label, tone, count }) => (
          <div key={name} className={`state tone-${tone}`}>
            <dt>{label}</dt>
            <dd>{count}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The roles say again what the elements are: on a narrow screen they are no longer laid out as a table. */
function Latest({
  deployments,
  now,
}: {
  readonly deployments: readonly Deployment[];
  readonly now: number;
}): ReactElement {
  const columns = ['Project', 'Version', 'Environment', 'State', 'Begun', 'Ended'];
  return (
    <table className="latest" role="table" aria-labelledby="latest">
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column} role="columnheader" scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {deployments.map((deployment) => {
          const { label, tone } = stateOf(deployment.state);
          return (
            <tr key={deployment.id} role="row">
              <th role="rowheader" scope="row" data-column="Project">
                {deployment.projectName ?? 'a project'}
              </th>
              <td role="cell" data-column="Version">
                {deployment.version} <code>{shortCommit(deployment.commit)}</code>
              </td>
              <td role="cell" data-column="Environment">
                {deployment.environment}
              </td>
              <td role="cell" data-column="State">
                <Badge tone={tone}>{label}</Badge>
              </td>
              <td role="cell" data-column="Begun">
                <Moment iso={deployment.createdAt} now={now} />
              </td>
              <td role="cell" data-column="Ended">
                {deployment.finishedAt === null ? (
                  'not yet'
                ) : (
                  <Moment iso={deployment.finishedAt} now={now} />
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function ProjectCard({ project }: { readonly project: Project }): ReactElement {
  const { text, href } = repositoryLink(project.repository);
  return (
    <li className="card project">
      <h3>{project.name}</h3>
      <p className="quiet">
        <code>{project.slug}</code>
      </p>
      <p>
        {href === undefined ? (
          text
        ) : (
          <a href={href} rel="noreferrer">
            {text}
          </a>
        )}
      </p>
    </li>
  );
}

function Pages({
  next,
  isLaterPage,
}: {
  readonly next: string | null;
  readonly isLaterPage: boolean;
}): ReactElement | null {
  if (next === null && !isLaterPage) return null;
  return (
    <nav className="pages" aria-label="Pages of projects">
      {isLaterPage && <a href="/#projects">First projects</a>}
      {next !== null && (
        <a href={`/?${new URLSearchParams({ after: next }).toString()}#projects`}>More projects</a>
      )}
    </nav>
  );
}
