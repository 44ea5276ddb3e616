/** What a database holds, in a form that lies beside its dump and proves a restore. */
export { compareFingerprints, type CompareOptions, type Difference } from './compare';
export * from './errors';
export {
  coverSequencesUntilNow,
  fingerprintDatabase,
  type FingerprintOptions,
  type FingerprintProgress,
} from './fingerprint';
export { DatabaseFingerprint, type FingerprintLimits, type OmissionReason } from './types';
