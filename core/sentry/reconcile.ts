import { GoLiveError } from '../shared/errors';
import type { SentryApi } from './api/client';
import { type ApplyReport, applyPlan, type Doors } from './apply';
import { desiredAlerts } from './desired/alerts';
import {
  desiredCronMonitors,
  desiredMetricMonitors,
  desiredUptimeMonitors,
  type MonitorProject,
} from './desired/monitors';
import { desiredScrubbing } from './desired/scrubbing';
import type { SentryOperations } from './operations';
import { monitorSlug } from './owned';
import { type Plan, planOf } from './plan';
import { createAlert, deleteAlert, readAlerts, updateAlert } from './resources/alerts';
import {
  createCronMonitor,
  deleteCronMonitor,
  readCronMonitors,
  updateCronMonitor,
} from './resources/cron-monitors';
import { createDetector, deleteDetector, readDetectors, updateDetector } from './resources/detectors';
import { readOrganizationScrubbing, readProject, updateScrubbing } from './resources/scrubbing';

/** A project has nothing that an alert could hang on. */
export class SentryIssueStreamMissingError extends GoLiveError {
  readonly code = 'SentryIssueStreamMissingError';
}

/** A plan, and what it takes to carry it out. */
export interface SentryPlan {
  readonly plan: Plan;
  readonly apply: (onProgress?: (done: number, total: number) => void) => Promise<ApplyReport>;
}

/**
 * Reads Sentry as it is and compares it with what the environment asks for. It changes nothing until `apply`.
 *
 * @throws the errors of SentryApi, SentrySlugTakenError, SentryIssueStreamMissingError
 */
export async function planSentry(api: SentryApi, operations: SentryOperations): Promise<SentryPlan> {
  const { environment, rules, jobs } = operations;
  const slugs = new Set(jobs.map(({ label }) => monitorSlug(environment, label)));
  // First what a wrong address, organisation or token fails at.
  const projects = await Promise.all(rules.projects.map((slug) => readProject(api, slug)));
  const project = projects[0] as MonitorProject;
  const [detectors, alerts, monitors, organization] = await Promise.all([
    readDetectors(api, environment, projects),
    readAlerts(api, environment),
    readCronMonitors(api, environment, slugs),
    rules.scrubbing.organization ? readOrganizationScrubbing(api) : undefined,
  ]);
  const settings = [...(organization ? [organization] : []), ...projects.map(({ scrubbing }) => scrubbing)];

  const issueStreamIds = projects.map(({ id, slug }) => issueStreamOf(detectors.issueStreams, id, slug));
  const uptime = desiredUptimeMonitors(operations, project);
  const metric = desiredMetricMonitors(operations, project);
  const alerting = desiredAlerts(operations, { issueStreamIds });
  const plan = planOf(
    [
      ...desiredScrubbing(operations, settings),
      ...desiredCronMonitors(operations, project),
      ...uptime.resources,
      ...metric.resources,
      ...alerting.resources,
    ],
    [...settings, ...monitors, ...detectors.own, ...alerts],
    [...uptime.leftOut, ...metric.leftOut, ...alerting.leftOut],
  );
  const doors = doorsOf(api, environment, project);
  return { plan, apply: (onProgress) => applyPlan(plan, doors, onProgress) };
}

function issueStreamOf(streams: ReadonlyMap<string, string>, projectId: string, slug: string): string {
  const id = streams.get(projectId);
  if (id !== undefined) return id;
  throw new SentryIssueStreamMissingError(
    `the project "${slug}" has no monitor of type issue_stream, on which its alerts would hang: Sentry makes it itself where "Monitors and Alerts" is on; look at its Monitors, and ask Sentry's support`,
  );
}

/** How each kind is made, changed and deleted. */
function doorsOf(api: SentryApi, environment: string, project: MonitorProject): Doors {
  const settings = {
    update: (_id: string, desired: Parameters<typeof updateScrubbing>[1]) => updateScrubbing(api, desired),
  };
  const detector: Doors['metric monitor'] = {
    create: (desired) => createDetector(api, environment, project, desired),
    update: (id, desired) => updateDetector(api, project, id, desired),
    delete: (id) => deleteDetector(api, id),
  };
  return {
    'organization scrubbing': settings,
    'project scrubbing': settings,
    'cron monitor': {
      create: (desired) => createCronMonitor(api, environment, desired),
      update: (id, desired) => updateCronMonitor(api, id, desired),
      delete: (id) => deleteCronMonitor(api, id),
    },
    'uptime monitor': detector,
    'metric monitor': detector,
    alert: {
      create: (desired) => createAlert(api, environment, desired),
      update: (id, desired) => updateAlert(api, id, desired),
      delete: (id) => deleteAlert(api, id),
    },
  };
}
