import { consoleToLog } from '../../../services/frontend/src/server/console-to-log';
import { keptLog } from './support/runtime';

describe('what Next.js says to the console', () => {
  it('becomes a line of the log, with its error and without colours', () => {
    const { lines, log } = keptLog();
    const console = { ...globalThis.console };
    consoleToLog(log, console);
    const error = new Error('broken');
    console.log('\u001b[32m✓\u001b[39m Ready in %d ms', 12);
    console.warn('careful');
    console.error(error);
    console.error('while rendering', error);
    expect(lines).toEqual([
      { level: 'info', details: { from: 'console' }, message: '✓ Ready in 12 ms' },
      { level: 'warn', details: { from: 'console' }, message: 'careful' },
      { level: 'error', details: { from: 'console', err: error }, message: 'broken' },
      { level: 'error', details: { from: 'console', err: error }, message: 'while rendering' },
    ]);
  });
});
