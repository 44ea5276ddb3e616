import type { Refusal } from './refusal';

const EMAIL = { critical: ['on-call@golive.example'] };

/** What is changed in production's routes, and what is said about it. */
export const ALERTING_REFUSED: readonly Refusal[] = [
  [
    'a production that tells nobody of a critical alarm, and does not say that it is meant',
    [['alerting', {}]],
    /^alerting: got .*allowed: a route for critical alarms in production .*or tellNobody: true/,
  ],
  [
    'a production whose only route takes no critical alarm',
    [['alerting', { slack: { workspaceId: 'T0123ABCD', channels: { info: 'C0123ABCD' } } }]],
    /^alerting: got .*allowed: a route for critical alarms/,
  ],
  [
    'PagerDuty without another way to say that it cannot be reached',
    [['alerting', { pagerDuty: {} }]],
    /^alerting\.email\.critical: got nothing, allowed: an address while there is alerting\.pagerDuty/,
  ],
  [
    'telling nobody, and somebody',
    [['alerting', { email: EMAIL, tellNobody: true }]],
    /^alerting\.tellNobody: got true, allowed: false while critical alarms have a route/,
  ],
  [
    'a severity twice',
    [['alerting', { email: EMAIL, pagerDuty: { severities: ['critical', 'critical'] } }]],
    /^alerting\.pagerDuty\.severities: got .*allowed: each severity once/,
  ],
  [
    'no severity for PagerDuty',
    [['alerting', { email: EMAIL, pagerDuty: { severities: [] } }]],
    /^alerting\.pagerDuty\.severities: got \[\], allowed: at least 1 entries/,
  ],
  [
    'a severity that there is not',
    [['alerting', { email: EMAIL, pagerDuty: { severities: ['error'] } }]],
    /^alerting\.pagerDuty\.severities\.0: got "error", allowed: "critical", "warning", "info"/,
  ],
  [
    'a routing key in the configuration',
    [['alerting', { email: EMAIL, pagerDuty: { routingKey: 'x' } }]],
    /^alerting\.pagerDuty\.routingKey: got "x", allowed: no such field/,
  ],
  [
    'what is no e-mail address',
    [['alerting', { email: { critical: ['on-call'] } }]],
    /^alerting\.email\.critical\.0: got "on-call", allowed: an e-mail address such as/,
  ],
  [
    'a Slack channel by its name',
    [['alerting', { email: EMAIL, slack: { workspaceId: 'T0123ABCD', channels: { critical: '#alarms' } } }]],
    /^alerting\.slack\.channels\.critical: got "#alarms", allowed: the id of a Slack channel/,
  ],
  [
    'Slack without a channel',
    [['alerting', { email: EMAIL, slack: { workspaceId: 'T0123ABCD', channels: {} } }]],
    /^alerting\.slack\.channels: got \{\}, allowed: a channel for at least one of critical, warning, info/,
  ],
  [
    'alarms whose runbook nobody can open',
    [
      ['alerting', { email: EMAIL }],
      ['delivery', undefined],
      ['alarms', undefined],
    ],
    /^alarms\.runbookUrl: got nothing, allowed: an address while somebody is told of alarms/,
  ],
  [
    'a heartbeat at an hour that there is not',
    [['alerting', { email: EMAIL, heartbeat: { hour: 24 } }]],
    /^alerting\.heartbeat\.hour: got 24, allowed: at most 23/,
  ],
];
