import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, connect, type Harness, startHarness, triggerBody } from './rest-harness.ts';

let api: Harness;
let client: Client;
beforeAll(async () => {
  api = await startHarness();
});
afterAll(() => api.close());

describe('the price that a workspace allows', () => {
  it('has no bound at first, and belongs to one workspace alone', async () => {
    client = await api.client();
    const other = await api.client();
    expect((await client.get('/v1/workspace')).body).toMatchObject({ maxPrice: null });
    expect((await client.patch('/v1/workspace', { maxPrice: 2 })).body).toMatchObject({ maxPrice: 2 });
    expect((await other.get('/v1/workspace')).body).toMatchObject({ maxPrice: null });
    expect((await client.patch('/v1/workspace', {})).body).toMatchObject({ maxPrice: 2 });
    expect((await client.patch('/v1/workspace', { maxPrice: null })).body).toMatchObject({ maxPrice: null });
  });

  it('refuses a trigger that asks for more, until it closes the door that costs so much', async () => {
    client = await api.client();
    await client.patch('/v1/workspace', { maxPrice: 0 });
    const paused = await connect(client, { state: 'paused' });
    const refused = await client.post('/v1/triggers', triggerBody(paused.account, paused.resource));
    expect(refused).toMatchObject({
      status: 422,
      body: {
        code: 'price_too_high',
        field: '/doors',
        detail: expect.stringContaining('asks for 1 payment'),
      },
    });
    const path = `/v1/triggers/${paused.trigger.id}`;
    expect(await client.post(`${path}/resume`)).toMatchObject({
      status: 422,
      body: { code: 'price_too_high' },
    });
    expect(await client.patch(path, { doors: ['private'], state: 'active' })).toMatchObject({
      status: 200,
      body: { state: 'active', price: [{ door: 'private', payments: [] }] },
    });
  });

  it('cannot be set below what active triggers ask: nothing that works stops by surprise', async () => {
    client = await api.client();
    const { trigger } = await connect(client, { name: 'Dear guide' });
    expect(await client.patch('/v1/workspace', { maxPrice: 0 })).toMatchObject({
      status: 422,
      body: { code: 'price_too_high', detail: expect.stringContaining('"Dear guide"') },
    });
    await client.post(`/v1/triggers/${trigger.id}/pause`);
    expect(await client.patch('/v1/workspace', { maxPrice: 0 })).toMatchObject({ status: 200 });
  });

  it('is told of the doors by which anybody can come', async () => {
    client = await api.client();
    const comment = { door: 'comment', payments: ['comment'] };
    const { account, resource, trigger } = await connect(client);
    expect(trigger.price).toEqual([comment, { door: 'private', payments: [] }]);
    for (const given of [{ mediaIds: ['1'] }, { mode: 'any' }]) {
      const answer = await client.post('/v1/triggers', triggerBody(account, resource, given));
      expect(answer.body.price).toEqual([comment]);
    }
  });

  it('is the one of each door where templates are checked', async () => {
    client = await api.client();
    const { account, resource } = await connect(client);
    const save = (given: Record<string, unknown>) =>
      client.post('/v1/triggers', triggerBody(account, resource, given));
    const forPrice = (price: number) => ({
      dmTemplates: [{ text: `{% if price == ${price} %}{{ resource.url }}{% else %}Sorry{% endif %}` }],
    });
    expect(await save(forPrice(1))).toMatchObject({ status: 422, body: { code: 'template_invalid' } });
    expect(await save({ ...forPrice(1), doors: ['comment'] })).toMatchObject({ status: 201 });
    expect(await save({ ...forPrice(0), doors: ['private'] })).toMatchObject({ status: 201 });
    expect(await save({ ...forPrice(0), doors: ['comment'] })).toMatchObject({ status: 422 });
  });

  it.each([-1, 5, 1.5, '1', {}])('refuses %j', async (maxPrice) => {
    client = await api.client();
    expect((await client.patch('/v1/workspace', { maxPrice })).status).toBe(422);
  });
});
