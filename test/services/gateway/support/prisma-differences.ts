import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from 'pg';

const SCHEMA = join(__dirname, '../../../../services/gateway/prisma/schema.prisma');
const GENERATOR = join(__dirname, 'print-dmmf.mjs');

/** As much of Prisma's description of a schema (DMMF) as is compared here. */
interface DataModel {
  readonly enums: readonly {
    name: string;
    dbName: string | null;
    values: { name: string; dbName: string | null }[];
  }[];
  readonly models: readonly { name: string; dbName: string | null; fields: Field[] }[];
  readonly indexes: readonly { model: string; type: string; dbName?: string; fields: { name: string }[] }[];
}

interface Field {
  readonly name: string;
  readonly dbName?: string | null;
  readonly kind: 'scalar' | 'enum' | 'object';
  readonly type: string;
  readonly isRequired: boolean;
  readonly hasDefaultValue: boolean;
  readonly default?: unknown;
  readonly nativeType?: [string, string[]] | null;
  readonly relationFromFields?: string[];
  readonly relationToFields?: string[];
  readonly relationOnDelete?: string;
}

/** What the Prisma schema says and the database does not, and the other way round, in words. */
export async function differencesFromPrisma(client: Client): Promise<string[]> {
  const said = factsOf(await (model ??= dataModel()));
  const there = await factsIn(client);
  return [
    ...said.filter((fact) => !there.includes(fact)).map((fact) => `Prisma alone has ${fact}`),
    ...there.filter((fact) => !said.includes(fact)).map((fact) => `the database alone has ${fact}`),
  ];
}

let model: Promise<DataModel> | undefined;

/** Prisma tells it to its generators alone, so one of ours is run. */
async function dataModel(): Promise<DataModel> {
  const folder = await mkdtemp(join(tmpdir(), 'golive-dmmf-'));
  try {
    const schema = join(folder, 'schema.prisma');
    const text = await readFile(SCHEMA, 'utf8');
    const generator = `generator client {\n  provider = "node ${GENERATOR}"\n}`;
    await writeFile(schema, text.replace(/^generator client \{[\s\S]*?^\}/m, generator));
    const file = join(folder, 'dmmf.json');
    const program = join(dirname(require.resolve('prisma/package.json')), 'build', 'index.js');
    await promisify(execFile)(process.execPath, [program, 'generate', '--no-hints', '--schema', schema], {
      cwd: folder,
      // As in scripts/generate-client.mjs: it fetches no engine.
      env: {
        ...process.env,
        DMMF_FILE: file,
        CHECKPOINT_DISABLE: '1',
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      },
    });
    return JSON.parse(await readFile(file, 'utf8')) as DataModel;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const TYPES: Readonly<Record<string, string>> = {
  String: 'text',
  Int: 'int4',
  Boolean: 'bool',
  Uuid: 'uuid',
};
const ON_DELETE: Readonly<Record<string, string>> = {
  Cascade: 'c',
  Restrict: 'r',
  NoAction: 'a',
  SetNull: 'n',
};

function factsOf({ enums, models, indexes }: DataModel): string[] {
  const tables = new Map(models.map((model) => [model.name, model.dbName ?? model.name]));
  const columnOf = (model: string, name: string): string =>
    models.find((one) => one.name === model)?.fields.find((field) => field.name === name)?.dbName ?? name;
  const columns = (model: string, names: readonly string[] = []): string =>
    names.map((name) => columnOf(model, name)).join(', ');
  const enumNames = new Map(enums.map(({ name, dbName }) => [name, dbName ?? name]));
  const typeOf = ({ type, nativeType }: Field): string => {
    if (nativeType?.[0] === 'Timestamptz') return `timestamptz(${nativeType[1].join()})`;
    return enumNames.get(type) ?? TYPES[nativeType?.[0] ?? type] ?? type;
  };
  return [
    ...enums.map(
      ({ name, dbName, values }) =>
        `type ${dbName ?? name}: ${values.map((value) => value.dbName ?? value.name).join(', ')}`,
    ),
    ...models.flatMap(({ name: model, fields }) =>
      fields.flatMap((field) => {
        const table = tables.get(model)!;
        if (field.kind !== 'object') {
          return [
            columnFact(
              table,
              columnOf(model, field.name),
              typeOf(field),
              field.isRequired,
              hasServersDefault(field),
            ),
          ];
        }
        if (!field.relationFromFields?.length) return [];
        const from = columns(model, field.relationFromFields);
        const to = `${tables.get(field.type)}(${columns(field.type, field.relationToFields)})`;
        return [`reference ${table}(${from}) to ${to}, on delete ${ON_DELETE[field.relationOnDelete ?? '']}`];
      }),
    ),
    ...indexes.map(({ model, type, dbName, fields }) => {
      const table = tables.get(model)!;
      const on = columns(
        model,
        fields.map(({ name }) => name),
      );
      return type === 'id' ? `primary key ${table}(${on})` : `${type} index ${dbName} on ${table}(${on})`;
    }),
  ].sort();
}

/** Ids are made by the client. */
function hasServersDefault({ hasDefaultValue, default: value }: Field): boolean {
  return hasDefaultValue && !(value instanceof Object && 'name' in value && value.name === 'uuid');
}

function columnFact(
  table: string,
  column: string,
  type: string,
  isRequired: boolean,
  hasDefault: boolean,
): string {
  return `column ${table}.${column} ${type}${isRequired ? ' not null' : ''}${hasDefault ? ' with a default' : ''}`;
}

async function factsIn(client: Client): Promise<string[]> {
  const { rows: columns } = await client.query<{
    table: string;
    column: string;
    type: string;
    required: boolean;
    default: boolean;
  }>(
    `SELECT table_name AS table, column_name AS column, is_nullable = 'NO' AS required, column_default IS NOT NULL AS default,
            udt_name || COALESCE('(' || datetime_precision || ')', '') AS type
       FROM information_schema.columns WHERE table_schema = 'golive' AND table_name <> 'migrations'`,
  );
  const { rows: others } = await client.query<{ fact: string }>(
    `SELECT format('type %s: %s', typname, string_agg(enumlabel, ', ' ORDER BY enumsortorder)) AS fact
       FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid WHERE typnamespace = 'golive'::regnamespace GROUP BY typname
     UNION ALL
     SELECT CASE WHEN indisprimary THEN format('primary key %s(%s)', t.relname, names.list)
                 ELSE format('%s index %s on %s(%s)', CASE WHEN indisunique THEN 'unique' ELSE 'normal' END, i.relname, t.relname, names.list) END
       FROM pg_index JOIN pg_class t ON t.oid = indrelid JOIN pg_class i ON i.oid = indexrelid,
       LATERAL (SELECT string_agg(attname, ', ' ORDER BY at) AS list FROM unnest(indkey::int[]) WITH ORDINALITY AS key(number, at)
                  JOIN pg_attribute ON attrelid = indrelid AND attnum = number) AS names
      WHERE t.relnamespace = 'golive'::regnamespace AND t.relname <> 'migrations'
     UNION ALL
     SELECT format('reference %s(%s) to %s(%s), on delete %s', f.relname, own.list, p.relname, other.list, confdeltype)
       FROM pg_constraint JOIN pg_class f ON f.oid = conrelid JOIN pg_class p ON p.oid = confrelid,
       LATERAL (SELECT string_agg(attname, ', ') AS list FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS own,
       LATERAL (SELECT string_agg(attname, ', ') AS list FROM pg_attribute WHERE attrelid = confrelid AND attnum = ANY (confkey)) AS other
      WHERE contype = 'f' AND f.relnamespace = 'golive'::regnamespace`,
  );
  return [
    ...columns.map(({ table, column, type, required, default: hasDefault }) =>
      columnFact(table, column, type, required, hasDefault),
    ),
    ...others.map(({ fact }) => fact),
  ].sort();
}
