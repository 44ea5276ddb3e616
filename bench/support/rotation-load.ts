import { setTimeout as pause } from 'node:timers/promises';
import { APP_CONNECTIONS, BACKUP_CONNECTIONS, type LoadedService } from './loaded-service';
import { KINDS, type Kind, type RotationLab } from './rotation-lab';

export interface Load {
  readonly lab: RotationLab;
  readonly services: readonly LoadedService[];
  /** How often each secret rotates meanwhile; 0 for a baseline. */
  readonly rotations: number;
  /** From the beginning of one rotation to the beginning of the next, of the same secret. */
  readonly intervalSeconds: number;
  /** At least so many queries. */
  readonly queries: number;
  /** However few queries there were until then. */
  readonly seconds: number;
}

/** What was done, and what of it failed. */
export interface Work {
  done: number;
  failed: number;
  /** The first few reasons. */
  readonly reasons: Set<string>;
}

export interface LoadReport {
  readonly queries: Work & { readonly latenciesMs: number[] };
  /** Rows that statements wrote which were told to have worked, and rows that there are. */
  readonly rows: { readonly written: number; readonly found: number };
  readonly signed: Work;
  readonly verified: Work;
  readonly encrypted: Work;
  readonly decrypted: Work;
  readonly rotated: Readonly<Record<Kind, Work & { replaced: number }>>;
  /** For which queries were made. */
  readonly seconds: number;
}

/** Each so often makes a token or a value, beside the queries at full rate. */
const MAKE_EVERY_MS = 10;
const KEPT_REASONS = 5;
/** One statement in so many writes. */
const WRITE_EVERY = 10;
/** Where a token's life is looked at again; the last as near to its end as timers are good for. */
const LOOKS = [0.5, 0.95];

/** Keeps every pool and key ring of the services busy, until all rotations are done and all queries are. */
export async function runLoad(load: Load): Promise<LoadReport> {
  const { lab, services, rotations, queries: wanted, seconds } = load;
  const start = performance.now();
  const elapsedSeconds = (): number => (performance.now() - start) / 1000;
  const queries = { ...noWork(), latenciesMs: [] as number[] };
  const rows = { written: 0, found: 0 };
  const [signed, verified, encrypted, decrypted] = [noWork(), noWork(), noWork(), noWork()];
  const rotated = Object.fromEntries(KINDS.map((kind) => [kind, { ...noWork(), replaced: 0 }])) as Record<
    Kind,
    Work & { replaced: number }
  >;
  const table = await makeTable(services[0]!);

  let isRotating = rotations > 0;
  const isOver = (): boolean =>
    elapsedSeconds() > seconds || (!isRotating && queries.done + queries.failed >= wanted);
  const rotating = Promise.all(
    KINDS.map((kind, at) => rotateAgainAndAgain(load, kind, at, rotated[kind], elapsedSeconds)),
  ).then(() => {
    isRotating = false;
  });

  const query = async (work: () => Promise<unknown>): Promise<boolean> => {
    const from = performance.now();
    const isDone = await attempt(queries, work);
    queries.latenciesMs.push(performance.now() - from);
    return isDone;
  };
  const asApp = async ({ app }: LoadedService): Promise<void> => {
    for (let turn = 1; !isOver(); turn += 1) {
      if (turn % WRITE_EVERY === 0) {
        const text = `INSERT INTO ${table} (note) VALUES ($1)`;
        if (await query(() => app.query(text, ['written under load']))) rows.written += 1;
      } else await query(() => app.query(`SELECT id, note FROM ${table} WHERE id = $1`, [turn]));
    }
  };
  const asBackup = async ({ backup }: LoadedService): Promise<void> => {
    while (!isOver()) await query(() => backup.query(`SELECT max(id) FROM ${table}`));
  };
  const making = services.flatMap((maker, at) => {
    const reader = services[(at + 1) % services.length]!;
    return [
      makeTokens(maker, reader, lab.policy.maxTokenSeconds, isOver, signed, verified),
      makeValues(maker, reader, isOver, encrypted, decrypted),
    ];
  });
  const querying = services.flatMap((service) => [
    ...Array.from({ length: APP_CONNECTIONS }, () => asApp(service)),
    ...Array.from({ length: BACKUP_CONNECTIONS }, () => asBackup(service)),
  ]);
  await Promise.all([rotating, ...querying]);
  const took = elapsedSeconds();
  await Promise.all(making);
  rows.found = await countRows(lab, table);
  return {
    queries,
    rows,
    signed,
    verified,
    encrypted,
    decrypted,
    rotated,
    seconds: took,
  };
}

async function rotateAgainAndAgain(
  { lab, rotations, intervalSeconds, seconds }: Load,
  kind: Kind,
  at: number,
  work: Work & { replaced: number },
  elapsedSeconds: () => number,
): Promise<void> {
  for (let turn = 0; turn < rotations && elapsedSeconds() < seconds; turn += 1) {
    // The kinds one after the other, for the schedules of a real environment differ, too.
    const dueSeconds = (turn + at / KINDS.length) * intervalSeconds;
    await pause(Math.max(0, dueSeconds - elapsedSeconds()) * 1000);
    await attempt(work, async () => {
      const { isReplaced } = await lab.rotate(kind);
      if (isReplaced) work.replaced += 1;
    });
  }
}

/** Signs here, verifies there: at once, and again until the token's end. */
async function makeTokens(
  maker: LoadedService,
  reader: LoadedService,
  lifeSeconds: number,
  isOver: () => boolean,
  signed: Work,
  verified: Work,
): Promise<void> {
  const looks: Promise<unknown>[] = [];
  while (!isOver()) {
    let token = '';
    const isSigned = await attempt(signed, async () => {
      token = await maker.tokens.sign({ sub: 'load' }, { expiresInSeconds: lifeSeconds });
    });
    if (isSigned) {
      const look = () => attempt(verified, () => reader.tokens.verify(token));
      await look();
      // The dates in a token are whole seconds, rounded down.
      const lifeMs = (lifeSeconds - 1) * 1000;
      looks.push(...LOOKS.map((part) => pause(part * lifeMs).then(look)));
    }
    await pause(MAKE_EVERY_MS);
  }
  await Promise.all(looks);
}

/** Encrypts here, decrypts there: at once, and all of them again when everything has rotated. */
async function makeValues(
  maker: LoadedService,
  reader: LoadedService,
  isOver: () => boolean,
  encrypted: Work,
  decrypted: Work,
): Promise<void> {
  const made: (() => Promise<unknown>)[] = [];
  for (let id = 0; !isOver(); id += 1) {
    const plaintext = `value ${id}`;
    const context = { table: 'public.load', column: 'note', id: String(id) };
    let text = '';
    const isEncrypted = await attempt(encrypted, async () => {
      text = await maker.data.encrypt(plaintext, context);
    });
    if (isEncrypted) {
      const look = () =>
        attempt(decrypted, async () => {
          const found = await reader.data.decrypt(text, context);
          if (found !== plaintext) throw new Error('decrypted to something else');
        });
      made.push(look);
      await look();
    }
    await pause(MAKE_EVERY_MS);
  }
  for (const look of made) await look();
}

function noWork(): Work {
  return { done: 0, failed: 0, reasons: new Set() };
}

async function attempt(counted: Work, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    counted.done += 1;
    return true;
  } catch (error) {
    counted.failed += 1;
    if (counted.reasons.size < KEPT_REASONS) {
      const { name, message, cause } = error as Error;
      counted.reasons.add(`${name}: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`);
    }
    return false;
  }
}

/** Made and written by whichever of the two users it is, owned by the role that both act as. */
async function makeTable({ app }: LoadedService): Promise<string> {
  const table = `load_${process.hrtime.bigint()}`;
  await app.query(`CREATE TABLE ${table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text)`);
  return table;
}

async function countRows({ postgres }: RotationLab, table: string): Promise<number> {
  const endpoint = { ...postgres.superuser, database: postgres.master.database };
  return await postgres.query(endpoint, async (client) => {
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
    return Number(rows[0]?.count);
  });
}
