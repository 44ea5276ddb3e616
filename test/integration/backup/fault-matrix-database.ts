import { once } from 'node:events';
import { cp, readFile, rm, stat } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import type { Supervisor } from '../../../local/supervisor';
import { until } from '../../support/processes';

const SERVICE = 'postgres';

/** A real server that can be stopped and started, on one port. */
export class MortalPostgres {
  private constructor(
    readonly postgres: LocalPostgres,
    private readonly supervisor: Supervisor,
    private pid: number,
    private dataFolder: string,
  ) {}

  static async start(supervisor: Supervisor): Promise<MortalPostgres> {
    const postgres = await startPostgres({ supervisor });
    const dataFolder = await postgres.query(postgres.superuser, async (client) => {
      const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
      return rows[0]!.data_directory;
    });
    return new MortalPostgres(postgres, supervisor, postgres.pid, dataFolder);
  }

  /** Immediate, as a machine that fails. */
  async stopAtOnce(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      const forget = this.supervisor.onServiceExit(({ name }) => {
        if (name !== SERVICE) return;
        forget();
        resolve();
      });
    });
    process.kill(this.pid, 'SIGQUIT');
    await gone;
  }

  /** The same server again, which recovers from its log. */
  async startAgain(): Promise<void> {
    const options = await readFile(join(this.dataFolder, 'postmaster.opts'), 'utf8');
    const [command = '', ...args] = [
      options.slice(0, options.indexOf(' ')),
      ...[...options.matchAll(/"([^"]*)"/g)].map(([, argument]) => argument!),
    ];
    const { uid, gid } = await stat(this.dataFolder);
    const folder = dirname(this.dataFolder);
    this.pid = await this.supervisor.startService({
      name: SERVICE,
      command,
      args: args.map((argument, index) => (args[index - 1] === '-D' ? this.dataFolder : argument)),
      env: { LANG: 'C.UTF-8', TZ: 'UTC' },
      cwd: folder,
      ...(process.getuid?.() === 0 && { user: { uid, gid } }),
      logFile: join(folder, 'restarted.log'),
      stopSignal: 'SIGQUIT',
    });
    await until(() =>
      this.postgres
        .query(this.postgres.superuser, () => Promise.resolve())
        .then(
          () => true,
          () => false,
        ),
    );
  }

  /** Stops it, and another server with the same data comes up on its port, as a Multi-AZ instance's standby does. */
  async failOver(): Promise<void> {
    await this.stopAtOnce();
    const copy = `${this.dataFolder}-standby`;
    await cp(this.dataFolder, copy, { recursive: true, preserveTimestamps: true });
    await this.giveToItsOwner(copy);
    await rm(join(copy, 'postmaster.pid'), { force: true });
    this.dataFolder = copy;
    await this.startAgain();
  }

  private async giveToItsOwner(folder: string): Promise<void> {
    if (process.getuid?.() !== 0) return;
    const { uid, gid } = await stat(this.dataFolder);
    await this.supervisor.run({
      name: 'chown',
      command: 'chown',
      args: ['-R', `${uid}:${gid}`, folder],
      env: { PATH: '/usr/bin:/bin' },
      cwd: dirname(folder),
      logFile: join(dirname(folder), 'chown.log'),
      stopSignal: 'SIGKILL',
    });
  }
}

/** The network between a dump and its database. TLS goes through as it is. */
export class BreakableNetwork {
  private readonly connections = new Set<{ readonly near: Socket; readonly far: Socket }>();

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<BreakableNetwork> {
    const server = createServer((near) => network.join(near, connect(port, 'localhost')));
    const network = new BreakableNetwork(server);
    await once(server.listen(0, 'localhost'), 'listening');
    return network;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Both sides see a connection that broke. */
  cut(): void {
    for (const { near, far } of this.connections) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Neither side hears of the other any more, nor that it is gone. New connections are made as before. */
  fallSilent(): void {
    for (const { near, far } of this.connections) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private join(near: Socket, far: Socket): void {
    const connection = { near, far };
    this.connections.add(connection);
    near.pipe(far);
    far.pipe(near);
    const end = () => {
      this.connections.delete(connection);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
  }
}
