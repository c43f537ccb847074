import { createHash, randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^43 is just above 2^256: what 32 bytes take at most. */
const length = 43;

/** A new secret with 256 random bits. Letters and digits only, so that a double click selects all of it. */
export function newApiKey(): string {
  let rest = BigInt(`0x${randomBytes(32).toString('hex')}`);
  let text = '';
  while (text.length < length) {
    text = alphabet.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return `fd_${text}`;
}

/**
 * What is stored instead of the key. A fast hash is right here: slow ones protect guessable passwords, and nobody
 * guesses 256 random bits; it also makes the look-up a plain index read.
 */
export function hashApiKey(key: string): Buffer<ArrayBuffer> {
  return Buffer.from(createHash('sha256').update(key, 'utf8').digest());
}

/** Enough to tell keys apart, too little to help anyone. */
export function apiKeyHint(key: string): string {
  return key.slice(-4);
}
