import { ProblemError } from '../http/problem';
import type { DeploymentState } from './shapes';

/** From which state a deployment may come into which. */
const NEXT: Readonly<Record<DeploymentState, readonly DeploymentState[]>> = {
  queued: ['building', 'failed'],
  building: ['live', 'failed'],
  live: ['rolled_back'],
  failed: [],
  rolled_back: [],
};

/** Those of which something is still to come by itself. */
export function isUnderWay(state: DeploymentState): boolean {
  return state === 'queued' || state === 'building';
}

/** @throws ProblemError when a deployment cannot come from the one into the other */
export function refuseImpossible(from: DeploymentState, to: DeploymentState): void {
  if (NEXT[from].includes(to)) return;
  const possible = NEXT[from].length > 0 ? `only ${NEXT[from].join(' or ')}` : 'nothing any more';
  throw new ProblemError('conflict', `A deployment that is ${from} cannot become ${to}: ${possible}.`);
}
