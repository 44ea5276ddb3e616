import type { Provider } from '../provider';
import { customResourceProvider } from './custom-resource';
import { NOT_RUN } from './services';

/** As every custom resource: the functions, the state machine and the task between question and answer are the deployed ones. */
export const migrationsProvider: Provider = {
  treatment: 'executed',
  note: 'the function is invoked with Create, its state machine is interpreted, the gateway’s own bundle migrates the real database in a process, and what the other function answers decides; not played: what may be asked of ECS (a task that is out of time is stopped all the same), and that a deployment may be rolled back',
  async make(request, parts) {
    if (!parts.services) return { ref: 'migrations', ...NOT_RUN };
    return await customResourceProvider.make(request, parts);
  },
};
