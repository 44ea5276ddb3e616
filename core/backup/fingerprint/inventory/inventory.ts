import { createHash } from 'node:crypto';
import { SchemaChangedError } from '../errors';
import type { SnapshotSession } from '../session';
import type { FingerprintLimits, ObjectsOfKind } from '../types';
import { ACCESS, GLOBALS } from './access';
import { CODE } from './code';
import { canonicalDefinition } from './definition';
import type { InventoryQuery } from './query';
import { RELATIONS } from './relations';

export type Inventory = Record<string, ObjectsOfKind>;

const DEFAULT_MAX_LISTED = 20_000;

/** Each statement of the schema's inventory is a task of its own, so that connections can share them. */
export const SCHEMA_QUERIES: readonly InventoryQuery[] = [...RELATIONS, ...CODE, ...ACCESS];
export const GLOBAL_QUERIES: readonly InventoryQuery[] = GLOBALS;

/**
 * Lists the objects of one kind. Definitions are what the server itself would write, with names qualified and
 * nothing physical in them.
 *
 * @throws the errors of `errors.ts`
 */
export async function takeInventory(
  session: SnapshotSession,
  query: InventoryQuery,
  limits: FingerprintLimits,
): Promise<ObjectsOfKind> {
  const rows = await session.rows<{ identity: string | null; definition: (string | null)[] }>(
    `the inventory of ${query.kind}`,
    query.sql,
  );
  const entries = rows
    .map(({ identity, definition }): [string, string] => {
      // The list is the snapshot's, but the server's own functions spell objects as they are now.
      if (identity === null) {
        throw new SchemaChangedError(
          `an object of kind ${query.kind} was dropped after the snapshot; try again when the migration is through`,
        );
      }
      return [
        identity,
        query.value === 'text' ? definition.join(' ') : shortHash(definition.map(canonicalDefinition)),
      ];
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const listed = entries.length <= (limits.maxListedObjects ?? DEFAULT_MAX_LISTED);
  return {
    count: entries.length,
    hash: sha256(JSON.stringify(entries)),
    ...(listed && { objects: Object.fromEntries(entries) }),
  };
}

/** A kind that has no object is left out: most databases have none of most kinds. */
export function compactInventory(inventory: Inventory): Inventory {
  return Object.fromEntries(
    Object.entries(inventory)
      .filter(([, { count }]) => count > 0)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** One hash over all kinds of a compact inventory. */
export function inventoryHash(inventory: Inventory): string {
  return sha256(JSON.stringify(Object.entries(inventory).map(([kind, { hash }]) => [kind, hash])));
}

/** 64 bits name a change among thousands of objects; all of them together stand in the kind's SHA-256. */
function shortHash(definition: readonly (string | null)[]): string {
  return sha256(JSON.stringify(definition)).slice(0, 16);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
