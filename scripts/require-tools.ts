import { requireTools } from '../local/tools';

/** Finds or installs what the tests and the demo need beyond npm; says in one line what it found. */
requireTools({ for: 'tests', log: (line) => console.error(line) }).then(
  ({ postgresBin, redisServer, motoServer, chromium }) =>
    console.log(
      `PostgreSQL: ${postgresBin}   cache: ${redisServer}   moto_server: ${motoServer}   browser: ${chromium}`,
    ),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
