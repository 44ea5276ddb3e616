/** Key rings: keys that sign tokens and encrypt values, published before their first use and kept past their last. */
export { advance, newRing, type Advance, type Circumstances, type RingOf } from './advance';
export { everyKeyNeeded, keyCensus, type KeyCensus } from './census';
export { decrypt, encrypt, keyIdOf, needsReencryption, type CipherContext } from './cipher';
export type { EncryptedColumn } from './encrypted-column';
export {
  CipherInputError,
  CiphertextMalformedError,
  CiphertextRefusedError,
  EncryptedColumnError,
  KeyRingLostError,
  KeyRingPolicyError,
  KeyRingUnfitError,
  TokenExpiredError,
  TokenInvalidError,
  TokenLifetimeError,
  TokenNotYetValidError,
  UnknownKeyError,
} from './errors';
export {
  jwks,
  signToken,
  verifyToken,
  verifyWithRefresh,
  type JsonWebKeySet,
  type RingInHand,
  type RingSource,
  type SignOptions,
  type VerifiedToken,
  type VerifyOptions,
} from './jwt';
export type { KeyMaterial, KeyRingAlgorithm } from './key-material';
export { keyRingStrategy, type KeyRingLog, type KeyRingStrategyOptions } from './key-ring-strategy';
export { DEFAULT_KEY_RING_POLICY, KeyRingPolicy } from './policy';
export { proveRing } from './prove-ring';
export { proveRollback } from './rollback';
export {
  reencryptColumn,
  type Reencryption,
  type ReencryptionCounts,
  type ReencryptionReport,
  type RowText,
} from './reencrypt';
export {
  currentKey,
  DataKeyRing,
  EmptyKeyRing,
  emptyRing,
  JwtKeyRing,
  KeyRing,
  KeyRingSecret,
  keyOf,
  nextKey,
  type RingKey,
} from './ring';
