export { servicesDeployed, type ServiceReport, type ServicesReport } from './deployed';
export { ServiceUnreadableError } from './errors';
export { short, type FindingCode, type ServiceFinding } from './judge';
export { ServicesOperations, servicesParameterName, type ServiceOperations } from './operations';
export { readServicesOperations, ServicesNotFoundError } from './read-services-operations';
