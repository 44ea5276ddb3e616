import { startPlatform } from '../../../local/platform';

const [assembly, then] = process.argv.slice(2);

/**
 * Starts the platform from the assembly in argv[2] (none: it synthesises), says where it is, and stays until it is
 * ended from outside.
 */
void startPlatform(assembly ? { assembly } : {}).then(
  (platform) => {
    const { aws, database } = platform;
    console.log(JSON.stringify({ endpoint: aws.endpoint, port: database.master.port, pid: database.pid }));
    setInterval(() => undefined, 60_000);
    process.on('SIGINT', () => void platform.stop().then(() => process.exit(130)));
    if (then === 'crash') {
      setImmediate(() => {
        throw new Error('a crash of the parent');
      });
    }
  },
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
