export { explainFailure, type ExplainedFailure, type RunFailure } from './failure';
export { stopTaskOfRun } from './find-task';
export { lastLines } from './last-lines';
export { migrationReason } from './reason';
export { RUN_ENDS } from './run-ends';
