import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { answerChallenge, signingKeys, verifySignature } from '../../src/platforms/instagram/signature.ts';

/** Escaped as Meta escapes before it signs: the digest is over exactly these bytes. */
const body = Buffer.from(
  String.raw`{"object":"instagram","entry":[{"id":"17841400000000001","time":1763800000,"changes":[{"field":"comments","value":{"id":"17900000000000001","from":{"id":"526000000000001","username":"j\u00e4ne"},"text":"GUIDE \ud83d\ude0d","media":{"id":"18000000000000001","media_product_type":"REELS"}}}]}]}`,
);
const signature = 'sha256=49376f7966d5f5b88936974c2c8b2392465efa29b2a65f4d5bb23f324642bdac';
const ofTheUnescapedForm = 'sha256=cf32f200f70e91e95c9d78ff25223d2b87ac63367a5b55fe5bb500135cb7c606';

const verify = (header: string | string[] | undefined, secrets = ['app-secret'], bytes = body) =>
  verifySignature(signingKeys(secrets), { 'x-hub-signature-256': header }, bytes);

describe('the signature of a webhook', () => {
  test('is the HMAC of the bytes as they came', () => {
    expect(body).toHaveLength(292);
    expect(verify(signature)).toBe('valid');
  });

  test('does not survive parsing and writing the body again', () => {
    const rewritten = Buffer.from(JSON.stringify(JSON.parse(body.toString())));
    expect(rewritten).toHaveLength(280);
    expect(verify(signature, ['app-secret'], rewritten)).toBe('invalid');
    expect(verify(ofTheUnescapedForm)).toBe('invalid');
    expect(verify(ofTheUnescapedForm, ['app-secret'], rewritten)).toBe('valid');
  });

  test('may be made with any of the configured secrets, wherever it stands', () => {
    expect(verify(signature, ['other', 'app-secret', 'third'])).toBe('valid');
    expect(verify(signature, ['app-secret', 'other'])).toBe('valid');
    expect(verify(signature, ['other', 'third'])).toBe('invalid');
  });

  test('is not checked where no secret is configured', () => {
    expect(verify(signature, [])).toBe('not_configured');
  });

  test('cannot be made with an empty secret', () => {
    const withNothing = `sha256=${createHmac('sha256', '').update(body).digest('hex')}`;
    expect(verify(withNothing, [''])).toBe('not_configured');
    expect(verify(withNothing, ['', 'app-secret'])).toBe('invalid');
  });

  test.each<[string, string | string[] | undefined]>([
    ['is missing', undefined],
    ['is empty', ''],
    ['has no digits', 'sha256='],
    ['is one digit short', signature.slice(0, -1)],
    ['is one digit long', `${signature}0`],
    ['is upper case', `sha256=${signature.slice(7).toUpperCase()}`],
    ['is not hexadecimal', `sha256=${'z'.repeat(64)}`],
    ['has no scheme', signature.slice(7)],
    ['comes twice', [signature, signature]],
    ['has white space around it', ` ${signature} `],
    ['differs in its last digit', `${signature.slice(0, -1)}d`],
  ])('is invalid when it %s', (_how, header) => {
    expect(verify(header)).toBe('invalid');
  });

  test('is not read from the legacy SHA-1 header', () => {
    const sha1 = createHmac('sha1', 'app-secret').update(body).digest('hex');
    expect(verifySignature(signingKeys(['app-secret']), { 'x-hub-signature': `sha1=${sha1}` }, body)).toBe(
      'invalid',
    );
    expect(verify(`sha1=${sha1}`)).toBe('invalid');
  });
});

describe('the handshake', () => {
  const question = {
    'hub.mode': 'subscribe',
    'hub.verify_token': 'my-token',
    'hub.challenge': '1158201444',
  };

  test('gives the bare challenge back to whoever knows the token', () => {
    expect(answerChallenge('my-token', question)).toBe('1158201444');
  });

  test.each<[string, Record<string, unknown>]>([
    ['the token is wrong', { 'hub.verify_token': 'my-tokem' }],
    ['the token is the beginning of the right one', { 'hub.verify_token': 'my-toke' }],
    ['the token is missing', { 'hub.verify_token': undefined }],
    ['the token comes twice', { 'hub.verify_token': ['my-token', 'my-token'] }],
    ['the mode is another', { 'hub.mode': 'unsubscribe' }],
    ['the mode is missing', { 'hub.mode': undefined }],
    ['the challenge is missing', { 'hub.challenge': undefined }],
    ['the challenge is empty', { 'hub.challenge': '' }],
    ['the challenge comes twice', { 'hub.challenge': ['1', '2'] }],
    ['the challenge is longer than any challenge', { 'hub.challenge': 'x'.repeat(257) }],
  ])('is refused when %s', (_why, change) => {
    expect(answerChallenge('my-token', { ...question, ...change })).toBeNull();
  });

  test('is refused where no token is configured', () => {
    expect(answerChallenge(undefined, question)).toBeNull();
    expect(answerChallenge(undefined, { ...question, 'hub.verify_token': undefined })).toBeNull();
    expect(answerChallenge('', { ...question, 'hub.verify_token': '' })).toBeNull();
  });
});
