import { Writable } from 'node:stream';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { createErrorLog, serializeError } from '../../src/error-log.ts';

function recorder() {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, log: pino({ serializers: { err: serializeError } }, sink) };
}

describe('the log of what breaks in the background', () => {
  it('shows what an error is, and nothing of the connection that it carries along', () => {
    const { lines, log } = recorder();
    const error = Object.assign(new Error('Connection terminated'), {
      code: '57P01',
      client: { secretKey: 4711, connectionParameters: { password: 'hunter2' } },
    });
    createErrorLog(log)(error);
    log.warn({ err: error });
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).not.toMatch(/4711|hunter2/);
      expect(JSON.parse(line).err).toMatchObject({
        type: 'Error',
        message: 'Connection terminated',
        code: '57P01',
      });
    }
  });

  it('says the same thing once in a while, with how often it came in between', () => {
    const { lines, log } = recorder();
    let nowMs = 0;
    const complain = createErrorLog(log, () => nowMs);
    for (let times = 0; times < 5; times += 1) complain(new Error('away'));
    complain(new Error('something else'));
    nowMs = 11_000;
    complain(new Error('away'));
    expect(lines.map((line) => JSON.parse(line)).map(({ msg, repeated }) => [msg, repeated])).toEqual([
      ['away', undefined],
      ['something else', undefined],
      ['away', 4],
    ]);
  });
});
