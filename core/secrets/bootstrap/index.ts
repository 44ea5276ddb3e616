/** The roles of a database: made at deployment, and taken back without data. */
export { actAsOwner, asOwner } from './act-as-owner';
export { bootstrapRoles, type BootstrapRoles, type BootstrappedRoles } from './bootstrap-roles';
export { BootstrapBusyError, RolesIncompleteError, RolesNotMadeError, RolesRefusedError } from './errors';
export type { Credentials, Login } from './logins';
export { DatabaseRolesProperties } from './properties';
export { removeRoles, type RemovedRoles, type RemoveRoles } from './remove-roles';
