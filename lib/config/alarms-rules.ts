import { type Rule, unless } from './rule';

/** What must hold of alarms in every environment: the one that warns comes before the one that pages. */
export const ALARMS_RULES: readonly Rule[] = [
  {
    field: 'alarms.database.freeStorageFullPercent',
    reads: ['alarms.database.freeStorageLowPercent'],
    broken: unless(
      ({ alarms: { database } }) => database.freeStorageFullPercent < database.freeStorageLowPercent,
      'less than alarms.database.freeStorageLowPercent, so that a warning comes first',
    ),
  },
  {
    field: 'alarms.cache.memoryFullPercent',
    reads: ['alarms.cache.memoryHighPercent'],
    broken: unless(
      ({ alarms: { cache } }) => cache.memoryFullPercent > cache.memoryHighPercent,
      'more than alarms.cache.memoryHighPercent, so that a warning comes first',
    ),
  },
];
