import { startPlatform } from '../../../local/platform';

/** Starts the platform from the assembly in argv[2], says where it is, and stays until it is ended from outside. */
void startPlatform({ assembly: process.argv[2] ?? '' }).then(
  (platform) => {
    const { aws, database } = platform;
    console.log(JSON.stringify({ endpoint: aws.endpoint, port: database.master.port, pid: database.pid }));
    setInterval(() => undefined, 60_000);
    process.on('SIGINT', () => void platform.stop().then(() => process.exit(130)));
    if (process.argv[3] === 'crash') {
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
