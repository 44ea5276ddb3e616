/** What may be an e-mail address: ASCII alone, so that everybody agrees on what its lower case is. */
export const EMAIL = /^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/;
