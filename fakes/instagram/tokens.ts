/** Access tokens: who they belong to, why they are refused, how they are exchanged and refreshed. */
import { done, type GraphReply, invalidParameter, refuse } from './errors.ts';
import { type GraphRequest, text } from './request.ts';
import { longLivedTokenMs, refreshableAfterMs, type Token } from './stored.ts';
import type { World } from './world.ts';

/** Graph API, "Handle Errors": 190 and its subcodes. */
export function authenticate(
  world: World,
  accessToken: string | undefined,
): { ok: true; token: Token } | { ok: false; reply: GraphReply } {
  if (accessToken === undefined) {
    return { ok: false, reply: refuse(190, 'An access token is required to request this resource.') };
  }
  const token = world.tokens.get(accessToken);
  if (!token) {
    return { ok: false, reply: refuse(190, 'Invalid OAuth access token - Cannot parse access token') };
  }
  const now = world.now();
  if (now.getTime() >= token.expiresAtMs) {
    const message =
      `Error validating access token: Session has expired on ${new Date(token.expiresAtMs).toUTCString()}. ` +
      `The current time is ${now.toUTCString()}.`;
    return { ok: false, reply: refuse(190, message, 463) };
  }
  if (token.deadSubcode !== undefined) {
    const message = 'Error validating access token: The session has been invalidated.';
    return { ok: false, reply: refuse(190, message, token.deadSubcode) };
  }
  return { ok: true, token };
}

/** `GET /access_token?grant_type=ig_exchange_token`: a short-lived token for a long-lived one. */
export function exchangeToken(world: World, token: Token, { params }: GraphRequest): GraphReply {
  if (params.get('grant_type') !== 'ig_exchange_token') return invalidParameter('Unsupported grant_type');
  if (params.get('client_secret') !== world.options.appSecret) {
    return refuse(101, 'Error validating client secret.');
  }
  if (!token.shortLived) return invalidParameter('The access token is not a short-lived token');
  return newToken(world, token);
}

/** `GET /refresh_access_token?grant_type=ig_refresh_token`: a day old at least, and not expired. */
export function refreshToken(world: World, token: Token, { params }: GraphRequest): GraphReply {
  if (text(params.get('grant_type')) !== 'ig_refresh_token')
    return invalidParameter('Unsupported grant_type');
  if (token.shortLived) return invalidParameter('Only long-lived tokens can be refreshed');
  // The documentation states the rule and no code for breaking it.
  if (world.now().getTime() - token.issuedAtMs < refreshableAfterMs) {
    return invalidParameter('The access token must be at least 24 hours old');
  }
  return newToken(world, token);
}

function newToken(world: World, token: Token): GraphReply {
  return done({
    access_token: world.issueToken(token.account),
    token_type: 'bearer',
    expires_in: longLivedTokenMs / 1000,
  });
}
