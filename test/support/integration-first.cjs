const Sequencer = require('@jest/test-sequencer').default;

/**
 * What waits for PostgreSQL, emulators and browsers comes first, longest first as far as jest knows: on a fresh machine it
 * knows nothing and goes by size, and then a test of minutes is begun last, and only one processor has work.
 */
module.exports = class IntegrationFirst extends Sequencer {
  sort(tests) {
    const isIntegration = ({ context }) => context.config.displayName?.name === 'integration';
    const sorted = super.sort(tests);
    return [...sorted.filter(isIntegration), ...sorted.filter((test) => !isIntegration(test))];
  }
};
