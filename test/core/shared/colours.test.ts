import type * as Colours from '../../../core/shared/colours';

test.each([
  [true, {}, true],
  [true, { NO_COLOR: '1' }, false],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1', CI: 'true' }, false],
  [undefined, { FORCE_COLOR: '1', CI: 'true' }, false],
])('colours on a terminal (%p) with %p: %p', (isTTY, environment: NodeJS.ProcessEnv, coloured) => {
  const before = process.env;
  process.env = environment;
  try {
    // The colours' library reads the process's environment when it is loaded.
    jest.isolateModules(() => {
      const { coloursFor } = jest.requireActual<typeof Colours>('../../../core/shared/colours');
      expect(coloursFor(isTTY === undefined ? {} : { isTTY }, environment).isColorSupported).toBe(coloured);
    });
  } finally {
    process.env = before;
  }
});
