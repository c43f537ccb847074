/**
 * `/_fake/…`: lets another process be the people on Instagram, and look at what was sent. Not part of Instagram, and
 * only served with `control: true`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FakeInstagram } from './api.ts';
import { isObject, type JsonObject, parseJson, text } from './request.ts';
import type { CommentEnvelope, FakeAccount, FakeComment, FakeUser, Fault, RequestKind } from './types.ts';
import type { World } from './world.ts';

export interface Control {
  fake: FakeInstagram;
  world: World;
}

const faultTypes: ReadonlySet<string> = new Set<Fault['type']>([
  'error',
  'accept_then_timeout',
  'accept_then_reset',
  'accept_then_500',
  'reset_before_accept',
  'slow',
  'garbage',
  'throttle',
]);

const help = {
  'GET /_fake/state': 'accounts, counters',
  'GET /_fake/sent?after=N': 'what was sent, from the Nth on',
  'GET /_fake/refusals': 'what was refused',
  'POST /_fake/accounts': '{username}',
  'POST /_fake/comments': '{username, text, accountId?, parentId?, live?, envelope?, announce?}',
  'POST /_fake/redeliver': '{commentId}',
  'POST /_fake/messages': '{username, text, accountId?, adId?}',
  'POST /_fake/taps': '{username, title, payload, accountId?}',
  'POST /_fake/faults': '{fault, kind?, times?}',
  'POST /_fake/webhook': '{url}',
};

export async function answerControl(
  control: Control,
  incoming: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://fake');
  const parsed = body.length === 0 ? {} : parseJson(body.toString());
  let status = 200;
  let answer: unknown;
  try {
    if (!isObject(parsed)) throw new Error('the body is not a JSON object');
    answer = await run(control, `${incoming.method} ${url.pathname}`, url.searchParams, parsed);
    if (answer === undefined) {
      status = 404;
      answer = help;
    }
  } catch (error) {
    status = 400;
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  if (!response.destroyed) {
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(answer, null, 2)}\n`);
  }
}

async function run(
  control: Control,
  route: string,
  query: URLSearchParams,
  body: JsonObject,
): Promise<unknown> {
  const { fake, world } = control;
  const need = (name: string): string => {
    const value = text(body[name]);
    if (value === undefined) throw new Error(`${name} is missing`);
    return value;
  };
  const account = () => findAccount(control, text(body.accountId));
  const user = () => findUser(control, need('username'));
  switch (route) {
    case 'GET /_fake':
    case 'GET /_fake/':
      return help;
    case 'GET /_fake/state':
      return {
        graphUrl: fake.graphUrl,
        webhookUrl: fake.webhookUrl ?? null,
        accounts: fake.accounts.map(({ id, username, accessToken }) => ({ id, username, accessToken })),
        requests: fake.requests,
        sent: fake.sent.length,
        refused: fake.refusals.length,
        webhooks: fake.webhookCounts,
      };
    case 'GET /_fake/sent':
      return fake.sent.slice(Number(query.get('after') ?? 0));
    case 'GET /_fake/refusals':
      return fake.refusals;
    case 'POST /_fake/accounts': {
      const { id, username, accessToken } = fake.addAccount({ username: need('username') });
      return { id, username, accessToken };
    }
    case 'POST /_fake/comments': {
      const envelope = text(body.envelope) as CommentEnvelope | undefined;
      const parentId = text(body.parentId);
      const comment = await fake.comment({
        account: account(),
        user: user(),
        text: need('text'),
        live: body.live === true,
        announce: body.announce !== false,
        ...(envelope === undefined ? {} : { envelope }),
        ...(parentId === undefined ? {} : { parentId }),
      });
      return { id: comment.id, userId: comment.user.id, mediaId: comment.media.id };
    }
    case 'POST /_fake/redeliver':
      return (await fake.redeliver(findComment(world, need('commentId')))) ?? null;
    case 'POST /_fake/messages': {
      const adId = text(body.adId);
      const ad = adId === undefined ? {} : { adId };
      return fake.userSends({ account: account(), user: user(), text: need('text'), ...ad });
    }
    case 'POST /_fake/taps':
      return fake.tap({ account: account(), user: user(), title: need('title'), payload: need('payload') });
    case 'POST /_fake/faults': {
      if (!isObject(body.fault) || !faultTypes.has(String(body.fault.type))) {
        throw new Error(`fault.type must be one of ${Array.from(faultTypes).join(', ')}`);
      }
      const kind = text(body.kind) as RequestKind | undefined;
      const times = typeof body.times === 'number' ? body.times : 1;
      fake.failNext(body.fault as unknown as Fault, { times, ...(kind === undefined ? {} : { kind }) });
      return { pending: fake.pendingFaults };
    }
    case 'POST /_fake/webhook':
      fake.webhookUrl = need('url');
      return { webhookUrl: fake.webhookUrl };
    default:
      return undefined;
  }
}

function findAccount({ fake }: Control, id: string | undefined): FakeAccount {
  const account =
    id === undefined ? fake.accounts[0] : fake.accounts.find((candidate) => candidate.id === id);
  if (!account) throw new Error(id === undefined ? 'there is no account yet' : `there is no account ${id}`);
  return account;
}

function findComment(world: World, id: string): FakeComment {
  const comment = world.comments.get(id);
  if (!comment) throw new Error(`there is no comment ${id}`);
  return comment;
}

/** People are known by their name here; a new name is a new person. */
function findUser({ fake, world }: Control, username: string): FakeUser {
  for (const user of world.users.values()) if (user.username === username) return user;
  return fake.addUser({ username });
}
