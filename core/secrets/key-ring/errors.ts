import { GoLiveError } from '../../shared/errors';

// None of these ever holds a key, a plaintext, a token or a ring: only names, dates and counts.

/** The numbers that say how long keys live would log people out, or make no sense. */
export class KeyRingPolicyError extends GoLiveError {
  readonly code = 'KeyRingPolicyError';
}

/** The secret holds no keys, though its previous version does: a new ring would make all that the old keys made useless. */
export class KeyRingLostError extends GoLiveError {
  readonly code = 'KeyRingLostError';
}

/** The pending ring would not do all that its users need. */
export class KeyRingUnfitError extends GoLiveError {
  readonly code = 'KeyRingUnfitError';
}

/** A token or a ciphertext names a key that the ring does not hold: perhaps the ring in hand is an old one. */
export class UnknownKeyError extends GoLiveError {
  readonly code = 'UnknownKeyError';

  constructor(
    /** The key's id, as the token or the ciphertext claims it. */
    readonly kid: string,
    message: string,
  ) {
    super(message);
  }
}

/** A token was asked for that would outlive the keys that verify it. */
export class TokenLifetimeError extends GoLiveError {
  readonly code = 'TokenLifetimeError';
}

/** It is no token, none of ours, or not meant for us. */
export class TokenInvalidError extends GoLiveError {
  readonly code = 'TokenInvalidError';
}

/** The token was good once. */
export class TokenExpiredError extends GoLiveError {
  readonly code = 'TokenExpiredError';
}

/** The token will be good later. */
export class TokenNotYetValidError extends GoLiveError {
  readonly code = 'TokenNotYetValidError';
}

/** What was to be encrypted, or what says where it belongs, can't be taken. */
export class CipherInputError extends GoLiveError {
  readonly code = 'CipherInputError';
}

/** It does not look like a ciphertext of ours. */
export class CiphertextMalformedError extends GoLiveError {
  readonly code = 'CiphertextMalformedError';
}

/** It looks like a ciphertext of ours and is not the one that was made for this place. */
export class CiphertextRefusedError extends GoLiveError {
  readonly code = 'CiphertextRefusedError';
}

/** A table or column is not one whose values can be counted or encrypted anew. */
export class EncryptedColumnError extends GoLiveError {
  readonly code = 'EncryptedColumnError';
}
