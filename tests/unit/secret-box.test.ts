import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSecretBox, parseEncryptionKeys } from '../../src/crypto/secret-box.ts';

const newKey = () => randomBytes(32).toString('base64');

describe('a secret box', () => {
  const keys = parseEncryptionKeys(newKey());
  const box = createSecretBox(keys);

  it('gives back what was put in', () => {
    for (const text of ['', 'token', '🎁\n"ü"', 'x'.repeat(10_000)]) {
      const { sealed, keyId } = box.seal(text, 'account:1');
      expect(box.open(sealed, keyId, 'account:1')).toBe(text);
    }
  });

  it('never seals the same way twice', () => {
    expect(box.seal('token', 'a').sealed).not.toEqual(box.seal('token', 'a').sealed);
  });

  it('opens in its own context only, and not after any change', () => {
    const { sealed, keyId } = box.seal('token', 'account:1');
    expect(() => box.open(sealed, keyId, 'account:2')).toThrow();
    for (let i = 0; i < sealed.length; i += 1) {
      const changed = Buffer.from(sealed);
      changed[i] = changed[i]! ^ 1;
      expect(() => box.open(changed, keyId, 'account:1')).toThrow();
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => box.open(sealed.subarray(0, length), keyId, 'account:1')).toThrow();
    }
  });

  it('seals with the first key and opens with all of them, for as long as they are there', () => {
    const [old, fresh] = [newKey(), newKey()];
    const before = createSecretBox(parseEncryptionKeys(old)).seal('token', 'a');
    const rotated = createSecretBox(parseEncryptionKeys(`${fresh}, ${old}`));
    expect(rotated.open(before.sealed, before.keyId, 'a')).toBe('token');
    expect(rotated.seal('token', 'a').keyId).not.toBe(before.keyId);
    const without = createSecretBox(parseEncryptionKeys(fresh));
    expect(() => without.open(before.sealed, before.keyId, 'a')).toThrow(before.keyId);
  });
});

describe('encryption keys', () => {
  it('are read from base64, base64url and hex', () => {
    const key = randomBytes(32);
    const ids = ['base64', 'base64url', 'hex'].map((encoding) => {
      const [parsed] = parseEncryptionKeys(` ${key.toString(encoding as BufferEncoding)}\n`);
      expect(parsed!.key).toEqual(key);
      return parsed!.id;
    });
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}$/);
  });

  it.each([
    '',
    'changeme',
    randomBytes(16).toString('hex'),
    randomBytes(33).toString('base64'),
    `${newKey()},`,
  ])('that are none are refused with what to do, and never repeated: %#', (text) => {
    const parse = () => parseEncryptionKeys(text);
    expect(parse).toThrow('openssl rand -base64 32');
    if (text) expect(parse).not.toThrow(text);
  });
});
