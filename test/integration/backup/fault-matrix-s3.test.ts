import {
  DEADLINE_REACHED,
  expectFailure,
  expectSurvival,
  type FaultRow,
  type SurvivedRow,
} from './fault-matrix-expectations';
import { FaultMatrix } from './fault-matrix-support';

let matrix: FaultMatrix;

beforeAll(async () => {
  matrix = await FaultMatrix.start();
});

afterAll(() => matrix?.stop());

const ROWS: readonly FaultRow[] = [
  {
    name: 'S3 answers a part with 500 for ever',
    through: 'handler',
    spoil: () => ({ s3: [{ operation: 'UploadPart', kind: 'refuse', status: 500, code: 'InternalError' }] }),
    code: 'ArchiveUploadError',
    message:
      'part 1 of s3://vault/dumps/golive/INSTANT/archive-ATTEMPT.pgdump could not be stored: InternalError: told to fail; run the dump again, and see the AWS Health Dashboard if S3 keeps failing',
  },
  {
    name: 'S3 asks to slow down for ever',
    through: 'core',
    spoil: () => ({ s3: [{ operation: 'UploadPart', kind: 'refuse', status: 503, code: 'SlowDown' }] }),
    code: 'ArchiveUploadError',
    message:
      'part 1 of s3://vault/dumps/golive/INSTANT/archive-ATTEMPT.pgdump could not be stored: SlowDown: told to fail; run the dump again, and see the AWS Health Dashboard if S3 keeps failing',
  },
  {
    name: 'S3 does not begin the upload',
    through: 'core',
    spoil: () => ({ s3: [{ operation: 'CreateMultipartUpload', kind: 'refuse', status: 500 }] }),
    code: 'ArchiveUploadError',
    message:
      'the upload of s3://vault/dumps/golive/INSTANT/archive-ATTEMPT.pgdump could not begin: InternalError: told to fail; run the dump again, and see the AWS Health Dashboard if S3 keeps failing',
  },
  {
    name: 'S3 takes a part so slowly that the time runs out',
    through: 'handler',
    spoil: () => ({ timeMs: 4_000, s3: [{ operation: 'UploadPart', kind: 'trickle' }] }),
    ...DEADLINE_REACHED,
  },
  {
    name: 'S3 closes the connection in the middle of a part, again and again',
    through: 'core',
    spoil: () => ({ s3: [{ operation: 'UploadPart', kind: 'cut' }] }),
    code: 'ArchiveUploadError',
    message:
      /^part 1 of s3:\/\/vault\/dumps\/golive\/INSTANT\/archive-ATTEMPT\.pgdump could not be stored: .*(ECONNRESET|EPIPE|socket hang up).*; run the dump again, and see the AWS Health Dashboard if S3 keeps failing$/,
  },
  {
    name: 'S3 completes nothing and says so in a 200',
    through: 'core',
    spoil: () => ({ s3: [{ operation: 'CompleteMultipartUpload', kind: 'error-in-200' }] }),
    code: 'ArchiveUploadError',
    message:
      'S3 did not complete s3://vault/dumps/golive/INSTANT/archive-ATTEMPT.pgdump: InternalError: told to fail; run the dump again, and see the AWS Health Dashboard if S3 keeps failing',
  },
  {
    name: 'S3 refuses the manifest: the archive alone is no backup',
    through: 'core',
    spoil: () => ({ s3: [{ operation: 'PutManifest', kind: 'refuse', status: 500 }] }),
    code: 'ManifestAccessError',
    message:
      'the archive is in the vault and s3://vault/dumps/golive/INSTANT/manifest.json could not be written, so this is no backup: InternalError: told to fail; run the dump again, and see the AWS Health Dashboard if S3 keeps failing',
  },
];

const SURVIVED: readonly SurvivedRow[] = [
  {
    name: 'S3 answers a part with 500 once',
    through: 'handler',
    spoil: () => ({ s3: [{ operation: 'UploadPart', kind: 'refuse', status: 500, times: 1 }] }),
  },
  {
    name: 'S3 asks to slow down once',
    through: 'core',
    spoil: () => ({
      s3: [{ operation: 'UploadPart', kind: 'refuse', status: 503, code: 'SlowDown', times: 1 }],
    }),
  },
  {
    name: 'S3 closes the connection in the middle of a part once',
    through: 'core',
    spoil: () => ({ s3: [{ operation: 'UploadPart', kind: 'cut', times: 1 }] }),
  },
  {
    name: 'S3 completes the archive, and its answer is an error in a 200',
    through: 'core',
    spoil: () => ({ s3: [{ operation: 'CompleteMultipartUpload', kind: 'done-with-error-in-200' }] }),
  },
];

describe('no half backup, nothing left, and the next run succeeds, when', () => {
  test.each(ROWS)('$name', (row) => expectFailure(matrix, row));
});

describe('the dump goes on, and is a good one, when', () => {
  test.each(SURVIVED)('$name', (row) => expectSurvival(matrix, row));
});
