import { RDSClient } from '@aws-sdk/client-rds';
import {
  restoreInstance,
  swapInstance,
  type InstancePlace,
  type InstanceSwap,
  type LoginCheck,
  type RestoredInstance,
  type RestoreInstanceRequest,
  type SwapInstanceRequest,
} from '../../../../../core/backup/restore/instance';
import { DatabaseAuthenticationError } from '../../../../../core/postgres/errors';
import { MemoryS3 } from '../../../../support/memory-s3';
import { FakeRds } from './fake-rds';
import { LIVE, RESOURCE_ID, SNAPSHOT } from './live-instance';

export const PASSWORD = 'the-secret-of-today';

/** An account with the live instance, one snapshot of the night, and the vault. */
export class Account {
  readonly rds = new FakeRds();
  readonly s3 = new MemoryS3();
  readonly progress: string[] = [];
  /** What the data was of that a login saw. */
  readonly seen: string[] = [];

  constructor() {
    this.rds.machine(LIVE).password = PASSWORD;
    this.s3.fault = () => (this.rds.wasKilled ? 'unreachable' : undefined);
    this.s3.now = () => this.rds.clock.now();
  }

  place(): InstancePlace {
    return {
      rds: new RDSClient({ region: 'eu-central-1' }),
      s3: this.s3.client(),
      bucket: 'vault',
      database: 'golive',
      instanceIdentifier: LIVE,
      clock: this.rds.clock,
      onProgress: ({ stage, status }) =>
        this.progress.push(status === undefined ? stage : `${stage}: ${status}`),
    };
  }

  /** As a client does: by the name, with the password. */
  readonly login: { -readonly [Part in keyof LoginCheck]: LoginCheck[Part] } = {
    administrator: () =>
      Promise.resolve({
        host: `${LIVE}.rds.test`,
        port: 5432,
        database: 'golive',
        user: 'golive_admin',
        password: PASSWORD,
        caFile: 'ca.pem',
      }),
    connect: ({ host, password }) => {
      const machine = this.rds.machine(host.replace('.rds.test', ''));
      if (machine.password !== password) {
        return Promise.reject(new DatabaseAuthenticationError(`${host} refused role "golive_admin"`));
      }
      this.seen.push(machine.data);
      return Promise.resolve();
    },
  };

  async restore(request: Partial<RestoreInstanceRequest> = {}): Promise<RestoredInstance> {
    return await restoreInstance({
      ...this.place(),
      source: { snapshot: SNAPSHOT },
      dbiResourceId: RESOURCE_ID,
      login: this.login,
      ...request,
    });
  }

  async swap(restoreId: string, request: Partial<SwapInstanceRequest> = {}): Promise<InstanceSwap> {
    return await swapInstance({ ...this.place(), restoreId, login: this.login, ...request });
  }
}
