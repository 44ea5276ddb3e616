/** How far a dump was proven: a ladder of proofs, and the record of each run beside the manifest. */
export {
  VerificationCollisionError,
  VerificationNotStoredError,
  VerificationUnavailableError,
} from './errors';
export { isVerified, RUNGS, Verification, verifiedUpTo, type Rung, type RungName } from './record';
export type { SmokeStatement } from './smoke';
export { newestVerification, putVerification, verificationKey } from './verification-object';
export {
  VERIFY_FOLDER_PREFIX,
  verifyDump,
  type VerifyDumpRequest,
  type VerifyProgress,
  type WithThrowAwayDatabase,
} from './verify-dump';
