import type { Refusal } from './refusal';

/** What is changed in production's alarms, and what is said about it. */
export const ALARMS_REFUSED: readonly Refusal[] = [
  [
    'a page for full storage before the warning that it is low',
    [['alarms', { database: { freeStorageFullPercent: 10, freeStorageLowPercent: 10 } }]],
    /^alarms\.database\.freeStorageFullPercent: got 10, allowed: less than alarms\.database\.freeStorageLowPercent/,
  ],
  [
    'a page for full memory before the warning that it is high',
    [['alarms', { cache: { memoryFullPercent: 80, memoryHighPercent: 80 } }]],
    /^alarms\.cache\.memoryFullPercent: got 80, allowed: more than alarms\.cache\.memoryHighPercent/,
  ],
  [
    'a latency in milliseconds, where RDS tells seconds',
    [['alarms', { database: { readLatencySeconds: 20 } }]],
    /^alarms\.database\.readLatencySeconds: got 20, allowed: /,
  ],
  [
    'a runbook that is read without TLS',
    [['alarms', { runbookUrl: 'http://wiki.example/runbook' }]],
    /^alarms\.runbookUrl: got .*allowed: an https address such as/,
  ],
];
