/** Logs in every way once it is told to, and ends. */
import { createLogger } from '@golive/observability';

const log = createLogger({ service: 'observed', environment: 'test', version: '1.2.3' });
process.once('message', () => {
  log.fatal('the last thing');
  log.flush();
  for (let i = 0; i < 100; i++) log.info('nobody reads this');
  log.fatal('the very last thing');
  process.exit(7);
});
process.send?.('ready');
