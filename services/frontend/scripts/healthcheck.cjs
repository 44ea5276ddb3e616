// What the container asks itself: whether the process answers. Exit code 0 when it does.
const { get } = require('node:http');

const port = process.env.PORT ?? '3000';
const request = get({ host: '127.0.0.1', port, path: '/health/live', timeout: 4_000 }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
request.on('timeout', () => request.destroy(new Error('no answer within 4 s')));
request.on('error', (error) => {
  console.error(`the health check failed: ${error.message}`);
  process.exitCode = 1;
});
