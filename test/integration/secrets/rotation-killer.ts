import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Client } from 'pg';
import { withSession } from '../../../core/postgres/session';

export class Killed extends Error {}

/**
 * Stands in for the end of a function: everything works up to the first call to Secrets Manager or to the database
 * that is not among the spared ones. That one is carried out, though its answer is lost; and from then on nothing is
 * carried out any more.
 */
export class Killer {
  #calls = 0;
  /** The call that it was killed after, as `<number> <name>`. */
  struck: string | undefined;

  constructor(private readonly spared: ReadonlySet<string>) {}

  secretsManager(real: SecretsManagerClient): SecretsManagerClient {
    const send = (command: Parameters<SecretsManagerClient['send']>[0]) =>
      this.#call(command.constructor.name, () => real.send(command));
    return { send } as unknown as SecretsManagerClient;
  }

  readonly withSession: typeof withSession = async (endpoint, name, limits, use) => {
    this.#refuse(`connecting as ${endpoint.user}`);
    return await withSession(endpoint, name, limits, (client) => {
      const query = (text: string, values?: unknown[]) =>
        this.#call(text.trim().split('\n')[0]!, () => client.query(text, values));
      return use({ query } as unknown as Client);
    });
  };

  async #call<T>(name: string, run: () => Promise<T>): Promise<T> {
    this.#refuse(name);
    const result = await run();
    this.#calls += 1;
    // Random parts are not part of a name.
    const call = `${this.#calls} ${name.replace(/golive_rotation_\w+/, '').replace(/SCRAM.*/, '')}`;
    if (!this.spared.has(call)) {
      this.struck = call;
      throw new Killed(`killed after ${call}`);
    }
    return result;
  }

  #refuse(name: string): void {
    if (this.struck !== undefined) throw new Killed(`nothing is done after the kill: ${name}`);
  }
}
