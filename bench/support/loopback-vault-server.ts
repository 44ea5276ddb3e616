import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Manifest } from '../../core/backup/manifest';
import {
  archiveKey,
  backupIdAt,
  fingerprintKey,
  globalsKey,
  manifestKey,
} from '../../core/backup/vault-layout';

/**
 * S3 and RDS in one, as far as a catalogue reads them, with as many backups as it is told: an hourly dump with what
 * lies beside it, and snapshots. It answers as late as the services do from within the Region, and is a process of
 * its own, so that it takes nothing from the one that is measured. It ends with its parent.
 */
export interface LoopbackVault {
  readonly dumps: number;
  readonly snapshots: number;
  /** How long each answer takes, milliseconds. */
  readonly latency: { readonly list: number; readonly get: number; readonly rds: number };
}

interface Held {
  readonly key: string;
  readonly bytes: number;
  readonly at: string;
  readonly text?: string;
}

const DATABASE = 'shop';
const CHECKSUM = 'y/Q5Jg==';
const PAGE = { s3: 1000, rds: 100 };
const FIRST = Date.parse('2025-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;

let options: LoopbackVault;
let objects: Held[] = [];
let byKey = new Map<string, Held>();

function fill(): void {
  objects = Array.from({ length: options.dumps }, (_, index) =>
    dump(new Date(FIRST + index * HOUR_MS)),
  ).flat();
  objects.sort((a, b) => (a.key < b.key ? -1 : 1));
  byKey = new Map(objects.map((object) => [object.key, object]));
}

function dump(scheduledFor: Date): Held[] {
  const backupId = backupIdAt(scheduledFor);
  const at = new Date(scheduledFor.getTime() + 60_000).toISOString();
  const archive = archiveKey(DATABASE, backupId, 'a1');
  const manifest: Manifest = {
    manifestVersion: 1,
    backupId,
    environment: 'bench',
    source: {
      instanceIdentifier: 'shop',
      dbiResourceId: 'db-BENCH',
      database: DATABASE,
      serverVersion: '17.5',
      serverVersionNumber: 170005,
      sizeBytes: 1_000_000_000,
    },
    archive: {
      key: archive,
      format: 'custom',
      compression: 'zstd:1',
      clientVersion: '17.5',
      bytes: 67_000_000,
      sha256: 'a'.repeat(64),
      s3ChecksumCrc32: CHECKSUM,
      parts: 3,
    },
    globals: { key: globalsKey(DATABASE, backupId, 'a1'), bytes: 900, sha256: 'b'.repeat(64) },
    fingerprint: {
      key: fingerprintKey(DATABASE, backupId, 'a1'),
      bytes: 9000,
      sha256: 'c'.repeat(64),
      tables: 40,
      tablesLeftOut: 0,
    },
    scheduledFor: scheduledFor.toISOString(),
    startedAt: scheduledFor.toISOString(),
    completedAt: at,
  };
  const text = JSON.stringify(manifest);
  return [
    { key: archive, bytes: manifest.archive.bytes, at },
    { key: fingerprintKey(DATABASE, backupId, 'a1'), bytes: 9000, at },
    { key: globalsKey(DATABASE, backupId, 'a1'), bytes: 900, at },
    { key: manifestKey(DATABASE, backupId), bytes: text.length, at, text },
  ];
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://loopback');
  if (request.method === 'POST') {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    await delay(options.latency.rds);
    response.setHeader('content-type', 'text/xml');
    response.end(rds(new URLSearchParams(Buffer.concat(body).toString())));
    return;
  }
  request.resume();
  const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
  await delay(key === '' ? options.latency.list : options.latency.get);
  if (key === '') {
    response.setHeader('content-type', 'application/xml');
    response.end(list(url.searchParams));
    return;
  }
  const held = byKey.get(key);
  response.statusCode = held ? 200 : 404;
  if (request.method === 'HEAD' && held) {
    response.setHeader('content-length', held.bytes);
    response.setHeader('x-amz-checksum-crc32', CHECKSUM);
  }
  response.end(held?.text);
}

function list(query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter');
  const found: string[] = [];
  let index = Number(query.get('continuation-token') ?? firstFrom(prefix));
  let more = false;
  for (; objects[index]?.key.startsWith(prefix);) {
    if (found.length === PAGE.s3) {
      more = true;
      break;
    }
    const { key, bytes, at } = objects[index]!;
    const end = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
    if (end >= 0) {
      const folder = key.slice(0, end + 1);
      found.push(`<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`);
      index = firstFrom(`${folder}\uffff`);
    } else {
      found.push(
        `<Contents><Key>${key}</Key><LastModified>${at}</LastModified><ETag>&quot;00112233445566778899aabbccddeeff-3&quot;</ETag>` +
          `<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>${bytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
      );
      index += 1;
    }
  }
  const next = more ? `<NextContinuationToken>${index}</NextContinuationToken>` : '';
  return `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${more}</IsTruncated>${next}${found.join('')}</ListBucketResult>`;
}

/** The index of the first key that is not before this text. */
function firstFrom(text: string): number {
  let [low, high] = [0, objects.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (objects[middle]!.key < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rds(query: URLSearchParams): string {
  const action = query.get('Action') ?? '';
  const result = (inner: string) =>
    `<${action}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><${action}Result>${inner}</${action}Result></${action}Response>`;
  if (action !== 'DescribeDBSnapshots') {
    return result(
      '<DBInstanceAutomatedBackups><DBInstanceAutomatedBackup><DbiResourceId>db-BENCH</DbiResourceId><DBInstanceIdentifier>shop</DBInstanceIdentifier>' +
        '<Status>active</Status><RestoreWindow><EarliestTime>2026-01-01T00:00:00Z</EarliestTime><LatestTime>2026-02-01T00:00:00Z</LatestTime></RestoreWindow>' +
        '</DBInstanceAutomatedBackup></DBInstanceAutomatedBackups>',
    );
  }
  const type = query.get('SnapshotType') ?? '';
  const total = type === 'manual' ? options.snapshots : 35;
  const from = Number(query.get('Marker') ?? 0);
  const to = Math.min(total, from + PAGE.rds);
  const snapshots = Array.from({ length: to - from }, (_, index) => snapshot(type, from + index));
  return result(
    `${to < total ? `<Marker>${to}</Marker>` : ''}<DBSnapshots>${snapshots.join('')}</DBSnapshots>`,
  );
}

function snapshot(type: string, index: number): string {
  const at = new Date(FIRST + index * 6 * HOUR_MS).toISOString();
  const tags = {
    environment: 'bench',
    'managed-by': 'golive-backup',
    'scheduled-for': at,
    'instance-resource-id': 'db-BENCH',
  };
  const tagList = Object.entries(tags).map(
    ([key, value]) => `<Tag><Key>golive:${key}</Key><Value>${value}</Value></Tag>`,
  );
  return (
    `<DBSnapshot><DBSnapshotIdentifier>${type === 'manual' ? 'golive' : 'rds:shop'}-${index}</DBSnapshotIdentifier><DBInstanceIdentifier>shop</DBInstanceIdentifier>` +
    `<SnapshotCreateTime>${at}</SnapshotCreateTime><OriginalSnapshotCreateTime>${at}</OriginalSnapshotCreateTime><Engine>postgres</Engine><AllocatedStorage>100</AllocatedStorage>` +
    `<Status>available</Status><Port>5432</Port><AvailabilityZone>eu-west-1a</AvailabilityZone><SnapshotType>${type}</SnapshotType><PercentProgress>100</PercentProgress>` +
    `<DbiResourceId>db-BENCH</DbiResourceId><TagList>${tagList.join('')}</TagList></DBSnapshot>`
  );
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => response.destroy(error as Error));
});

process.on('disconnect', () => process.exit());
process.on('message', (message: LoopbackVault) => {
  options = message;
  fill();
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
});
