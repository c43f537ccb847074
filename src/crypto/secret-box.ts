import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export interface EncryptionKey {
  id: string;
  /** 32 bytes. */
  key: Buffer;
}

/** Encrypts small secrets at rest. */
export interface SecretBox {
  /** @param context what the secret belongs to, for example `account:<id>`: it opens only with the same one */
  seal(plaintext: string, context: string): { sealed: Buffer<ArrayBuffer>; keyId: string };
  /** Whether the key of this id is at hand. */
  has(keyId: string): boolean;
  /** @throws when the key is not at hand, the context is another, or a bit has changed */
  open(sealed: Uint8Array, keyId: string, context: string): string;
}

// version (1 byte) | nonce (12) | tag (16) | ciphertext
const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;
const headerBytes = 1 + nonceBytes + tagBytes;

/**
 * AES-256-GCM. A random 96-bit nonce is safe for about 2^32 seals under one key; accounts are connected far less often.
 * The context is authenticated, so that a row's secret cannot be moved to another row.
 * @param keys the first one seals, all of them open: to rotate, put a new key in front
 */
export function createSecretBox(keys: readonly EncryptionKey[]): SecretBox {
  const [first] = keys;
  if (!first) throw new Error('a secret box needs at least one key');
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    has: (keyId) => byId.has(keyId),
    seal(plaintext, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', first.key, nonce).setAAD(aad(context));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return {
        sealed: Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), ciphertext]),
        keyId: first.id,
      };
    },
    open(sealed, keyId, context) {
      const key = byId.get(keyId);
      if (!key) throw new Error(`no encryption key ${keyId}: add the one that sealed this to ENCRYPTION_KEY`);
      const bytes = Buffer.from(sealed);
      if (bytes[0] !== version || bytes.length < headerBytes) throw new Error('not a sealed secret');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + nonceBytes), {
        authTagLength: tagBytes,
      })
        .setAAD(aad(context))
        .setAuthTag(bytes.subarray(1 + nonceBytes, headerBytes));
      return decipher.update(bytes.subarray(headerBytes), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}

function aad(context: string): Buffer {
  return Buffer.from(`fairdrop:${version}:${context}`, 'utf8');
}

/**
 * @param text 32-byte keys in base64 or hex, separated by commas; the first one seals
 * @throws an error for the operator, which never repeats the keys
 */
export function parseEncryptionKeys(text: string): EncryptionKey[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.map((part, index) => {
    const key = decodeKey(part);
    if (!key) {
      const which =
        parts.length > 1 ? `key ${index + 1} of ${parts.length} in ENCRYPTION_KEY` : 'ENCRYPTION_KEY';
      throw new Error(`${which} is not 32 bytes in base64 or hex: make one with \`openssl rand -base64 32\``);
    }
    return { id: createHash('sha256').update(key).digest('hex').slice(0, 8), key };
  });
}

function decodeKey(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null;
  // Node's decoder takes both base64 alphabets.
  const key = Buffer.from(text, 'base64');
  return key.length === keyBytes ? key : null;
}
