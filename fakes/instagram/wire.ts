import { createHmac } from 'node:crypto';

/**
 * JSON as Meta writes it: every character beyond ASCII as `\uXXXX` with lowercase hex digits, both halves of a
 * surrogate pair by themselves (Messenger Platform, "Webhooks", on validating payloads).
 */
export function toMetaJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** JSON.stringify never writes `\/` itself, so every slash of its output stands in a string, unescaped. */
export function escapeSlashes(json: string): string {
  return json.replaceAll('/', '\\/');
}

/** The current header and the SHA-1 one that Meta's sample apps still read. */
export function signatureHeaders(secret: string, bytes: string | Buffer): Record<string, string> {
  return {
    'x-hub-signature': `sha1=${createHmac('sha1', secret).update(bytes).digest('hex')}`,
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`,
  };
}

/** Timestamps of Graph nodes: `2018-02-23T21:32:16+0000`. */
export function graphTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}+0000`;
}
