import { requireTools } from '../local/tools';

/** Finds or installs what the tests and the demo need beyond npm; says in one line what it found. */
requireTools({ log: (line) => console.error(line) }).then(
  ({ postgresBin, motoServer }) => console.log(`PostgreSQL: ${postgresBin}   moto_server: ${motoServer}`),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
