/** How running services come to the value of a secret that changed. */
export { findClusters } from './clusters';
export { ServicesUnreadableError } from './errors';
export { usesOf, type SecretUse } from './injection';
export { parseLabelUpdate, type LabelUpdate } from './label-event';
export { pickUp, type PickUpRequest, type PickUpResult, type ServicePickUp } from './pick-up';
export { listServices, type ServiceFact, type ServicesRequest } from './services';
