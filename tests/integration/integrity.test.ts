import { describe, expect, it } from 'vitest';
import { findFaults, readFaults } from '../../src/records/integrity.ts';
import { useVirtualFairdrop } from '../support/virtual.ts';

const fairdrop = useVirtualFairdrop({ sendEchoes: false });

async function deliverOne(): Promise<void> {
  const account = await fairdrop.openStudio({ publicReplies: [{ text: 'Sent!' }] });
  const user = fairdrop.instagram.addUser({ username: 'reader' });
  await fairdrop.instagram.comment({ account, user, text: 'guide' });
  await fairdrop.round();
  await fairdrop.round();
}

/** What the check finds while `damage` has been done, which is then undone. */
async function faultsAfter(damage: string): Promise<string[]> {
  const client = await fairdrop.pool.connect();
  try {
    await client.query('begin');
    await client.query(damage);
    return (await readFaults(client)).map(({ what }) => what);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

describe('the check of the records', () => {
  it('finds nothing where everything is delivered', async () => {
    await deliverOne();
    expect(await findFaults(fairdrop.pool)).toEqual([]);
  });

  it.each([
    ['delete from messages', [/waits although|counts as delivered although/]],
    ["delete from messages where kind = 'private_reply'", [/counts as delivered although/]],
    ['delete from deliveries', [/message without its delivery/, /matched and has no delivery/]],
    ['delete from events', [/delivery without its event/]],
    ['delete from contacts', [/by a contact that is not there/, /to a contact that is not there/]],
    ['update deliveries set trigger_version = 99', [/by a version of a trigger/]],
    [
      "update deliveries set state = 'waiting', settled_at = null",
      [/waits although/, /ledger has not given/],
    ],
    [`update contacts set workspace_id = '00000000-0000-7000-8000-000000000000'`, [/of another workspace/]],
    [
      `update messages set workspace_id = '00000000-0000-7000-8000-000000000000'`,
      [/message without its delivery/],
    ],
  ])('finds what is wrong after: %s', async (damage, wanted) => {
    const found = await faultsAfter(damage);
    for (const fault of wanted) expect(found).toContainEqual(expect.stringMatching(fault));
  });
});
