import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeResource } from '../../src/catalog/resources.ts';
import type { PlatformAdapter } from '../../src/platforms/port.ts';
import { type Client, connect, created, type Harness, startHarness, triggerBody } from './rest-harness.ts';

let api: Harness;
let client: Client;
beforeAll(async () => {
  api = await startHarness();
  client = await api.client();
});
afterAll(() => api.close());

const link = { name: 'Guide', kind: 'link', url: 'https://x.example/guide' };

async function revisionOf(accountId: string): Promise<number> {
  const account = await api.prisma.account.findUniqueOrThrow({ where: { id: accountId } });
  return account.triggerRevision;
}

describe('a resource', () => {
  it('is a link or a text', async () => {
    expect(await created(client.post('/v1/resources', link))).toMatchObject({
      ...link,
      text: null,
      archivedAt: null,
    });
    const text = { name: 'Note', kind: 'text', text: 'Zeile 1\nZeile 2 🎁' };
    const made = await created(client.post('/v1/resources', text));
    expect(made).toMatchObject({ ...text, url: null });
    expect((await client.get(`/v1/resources/${made.id}`)).body).toEqual(made);
  });

  it.each([
    ['javascript:alert(1)'],
    ['/guide'],
    ['x.example/guide'],
    ['https:x.example'],
    ['ftp://x.example/guide'],
    ['https://user:pass@x.example/guide'],
    ['https://user@x.example/guide'],
    ['https://x.example/a b'],
    ['https://x.example/a\nb'],
    ['https://'],
    [`https://x.example/${'a'.repeat(2_000)}`],
    [''],
    [17],
    [null],
  ])('does not take %j for a URL', async (url) => {
    const answer = await client.post('/v1/resources', { ...link, url });
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'body_invalid', '/url']);
  });

  it.each([
    ['a line end', 'a\nb'],
    ['a bell', 'a\u0007b'],
    ['a terminal’s colours', '\u001b[31mred'],
    ['a C1 control', 'a\u0085b'],
    ['a line separator', 'a\u2028b'],
    ['an override of the direction', 'txt.\u202egnp'],
    ['an isolate', '\u2066a\u2069'],
  ])('does not take %s in a name, neither its own nor a trigger’s', async (_what, name) => {
    const { account, resource, trigger } = await connect(client);
    const answers = [
      await client.post('/v1/resources', { ...link, name }),
      await client.patch(`/v1/resources/${resource.id}`, { name }),
      await client.post('/v1/triggers', triggerBody(account, resource, { name })),
      await client.patch(`/v1/triggers/${trigger.id}`, { name }),
    ];
    for (const { status, body } of answers) {
      expect([status, body.code, body.field]).toEqual([422, 'body_invalid', '/name']);
    }
  });

  it('is either, never both or neither', async () => {
    const bodies = [
      { ...link, text: 'both' },
      { name: 'a', kind: 'text', url: link.url },
      { name: 'a', kind: 'link' },
      { name: 'a', kind: 'text', text: '   ' },
      { name: ' ', kind: 'text', text: 'b' },
      { kind: 'text', text: 'b' },
    ];
    for (const body of bodies) {
      expect((await client.post('/v1/resources', body)).status, JSON.stringify(body)).toBe(422);
    }
  });
});

describe('changing a resource', () => {
  it('can turn a link into a text, with the text', async () => {
    const { id } = await created(client.post('/v1/resources', link));
    const path = `/v1/resources/${id}`;
    expect((await client.patch(path, { kind: 'text' })).body).toMatchObject({ status: 422, field: '/text' });
    expect((await client.patch(path, { text: 'a' })).body).toMatchObject({ status: 422, field: '/text' });
    expect((await client.patch(path, { kind: 'text', text: 'a' })).body).toMatchObject({
      kind: 'text',
      text: 'a',
      url: null,
    });
  });

  it('makes intake read the triggers that give it again, and only when something changes', async () => {
    const { account, resource } = await connect(client);
    const before = await revisionOf(account.id);
    await client.patch(`/v1/resources/${resource.id}`, { url: resource.url });
    await client.patch(`/v1/resources/${resource.id}`, {});
    expect(await revisionOf(account.id)).toBe(before);
    const changed = await client.patch(`/v1/resources/${resource.id}`, { url: 'https://x.example/new' });
    expect(changed.body.url).toBe('https://x.example/new');
    expect(await revisionOf(account.id)).toBe(before + 1);
  });

  it('is refused, naming trigger and template, when a message would no longer fit', async () => {
    const { resource, trigger } = await connect(client);
    const url = `https://x.example/${'a'.repeat(1_500)}`;
    const answer = await client.patch(`/v1/resources/${resource.id}`, { url });
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'template_invalid', '/url']);
    expect(answer.body.detail).toContain(trigger.id);
    expect(answer.body.detail).toContain('/dmTemplates/0/text');
    expect((await client.get(`/v1/resources/${resource.id}`)).body.url).toBe(resource.url);
    // Nothing uses it any more, so it may be as long as it likes.
    await client.delete(`/v1/triggers/${trigger.id}`);
    expect((await client.patch(`/v1/resources/${resource.id}`, { url })).status).toBe(200);
  });

  it('lets others have a turn between the triggers that it checks', async () => {
    const { account, resource } = await connect(client);
    for (const name of ['second', 'third', 'fourth']) {
      await created(client.post('/v1/triggers', triggerBody(account, resource, { name, keywords: [name] })));
    }
    const checkedIn: number[] = [];
    const watched: PlatformAdapter = {
      ...api.platform,
      get capabilities() {
        checkedIn.push(turn);
        return api.platform.capabilities;
      },
    };
    const change = { workspaceId: client.workspaceId, keyId: 'test', now: api.clock.now };
    const patch = { url: 'https://x.example/turns' };
    let turn = 0;
    let done = false;
    const changing = changeResource(
      api.prisma,
      new Map([['instagram', watched]]),
      change,
      resource.id,
      patch,
    ).finally(() => {
      done = true;
    });
    for (; !done; turn += 1) await nextTurn();
    expect(await changing).toMatchObject(patch);
    expect(checkedIn).toHaveLength(4);
    expect(new Set(checkedIn).size).toBe(4);
  });
});

describe('archiving a resource', () => {
  it('is refused while an active or paused trigger gives it', async () => {
    const { resource, trigger } = await connect(client, { name: 'The one in use' });
    for (const state of ['active', 'paused']) {
      await client.patch(`/v1/triggers/${trigger.id}`, { state });
      const answer = await client.delete(`/v1/resources/${resource.id}`);
      expect([answer.status, answer.body.code]).toEqual([409, 'resource_in_use']);
      expect(answer.body.detail).toContain('The one in use');
    }
    await client.delete(`/v1/triggers/${trigger.id}`);
    expect((await client.delete(`/v1/resources/${resource.id}`)).status).toBe(204);
    expect((await client.delete(`/v1/resources/${resource.id}`)).status).toBe(204);
  });

  it('takes it off the list, for good, and not out of the world', async () => {
    const own = await api.client();
    const { account, resource: other } = await connect(own);
    const resource = await created(own.post('/v1/resources', link));
    await own.delete(`/v1/resources/${resource.id}`);
    expect((await own.get('/v1/resources')).body.data).toMatchObject([{ id: other.id }]);
    expect((await own.get('/v1/resources?archived=true')).body.data).toMatchObject([{ id: resource.id }]);
    expect((await own.get(`/v1/resources/${resource.id}`)).body.archivedAt).toEqual(expect.any(String));
    expect((await own.patch(`/v1/resources/${resource.id}`, { name: 'b' })).body.code).toBe(
      'resource_archived',
    );
    const using = await own.post('/v1/triggers', triggerBody(account, resource));
    expect(using.body).toMatchObject({ status: 422, code: 'resource_archived', field: '/resourceId' });
  });

  it('and giving it to a new trigger at the same time never both succeed', async () => {
    const { account } = await connect(client);
    for (let round = 0; round < 5; round += 1) {
      const resource = await created(client.post('/v1/resources', link));
      const [archived, trigger] = await Promise.all([
        client.delete(`/v1/resources/${resource.id}`),
        client.post('/v1/triggers', triggerBody(account, resource)),
      ]);
      expect([
        [204, 422],
        [409, 201],
      ]).toContainEqual([archived.status, trigger.status]);
    }
  });
});
