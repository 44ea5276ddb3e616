/** Restores a snapshot or a point in time into a new RDS instance, and puts that in the live one's place. */
export {
  discardInstance,
  listInstances,
  type DiscardedInstance,
  type InstanceLeft,
} from './discard-instance';
export { connectAndAsk, type LoginCheck, type LoginOutcome } from './login';
export type { InstancePlace, InstanceProgress } from './place';
export { restoreInstance, type RestoredInstance, type RestoreInstanceRequest } from './restore-instance';
export { InstanceSettings } from './settings';
export type { InstanceSource } from './source';
export { swapInstance, undoInstance, type InstanceSwap, type SwapInstanceRequest } from './swap-instance';
