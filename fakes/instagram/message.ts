/** What may stand in `message`, and its limits. Error code 100 is documented for these; subcodes where known. */
import { type GraphReply, invalidMessage, invalidParameter } from './errors.ts';
import { isObject, type JsonObject, objectParam } from './request.ts';

/** Instagram Platform, "Messaging API": UTF-8, in bytes. */
const maxTextBytes = 1000;
/** "Button Template": characters of the text and of a title, and how many buttons. */
const maxTemplateTextLength = 640;
const maxButtonTitleLength = 20;
const maxButtons = 3;
/** "Generic Template". */
const maxElements = 10;
const maxElementTitleLength = 80;
/** "Quick Replies". Longer titles are cut, not refused. */
const maxQuickReplies = 13;

export type ReadMessage =
  | { ok: true; text: string; plain: boolean; body: JsonObject }
  | { ok: false; reply: GraphReply };

const bad = (reply: GraphReply): ReadMessage => ({ ok: false, reply });

/** `media`: whether image, video, audio and file attachments may stand in it; a private reply has none (practice). */
export function readMessage(param: unknown, media: boolean): ReadMessage {
  const body = objectParam(param);
  if (body === undefined) return bad(invalidParameter('The parameter message is required'));
  const { text, attachment, quick_replies: quickReplies } = body;
  const hasText = text !== undefined && text !== null && text !== '';
  const hasAttachment = attachment !== undefined && attachment !== null;
  if (hasText === hasAttachment) return bad(invalidMessage());
  if (quickReplies !== undefined && (!Array.isArray(quickReplies) || quickReplies.length > maxQuickReplies)) {
    return bad(
      invalidParameter(`Param message[quick_replies] must be an array of at most ${maxQuickReplies}`),
    );
  }
  if (hasText) {
    if (typeof text !== 'string') return bad(invalidParameter('Param message[text] must be a string'));
    if (Buffer.byteLength(text) > maxTextBytes) {
      return bad(
        invalidParameter(`Length of param message[text] must be less than or equal to ${maxTextBytes} bytes`),
      );
    }
    return { ok: true, text, plain: quickReplies === undefined, body };
  }
  // Practice: buttons and quick replies exclude each other on Instagram.
  if (quickReplies !== undefined) return bad(invalidMessage());
  const problem = attachmentProblem(attachment, media);
  if (problem) return bad(problem);
  const payload = (attachment as JsonObject).payload as JsonObject;
  return { ok: true, text: typeof payload.text === 'string' ? payload.text : '', plain: false, body };
}

function attachmentProblem(attachment: unknown, media: boolean): GraphReply | undefined {
  if (!isObject(attachment) || !isObject(attachment.payload)) return invalidMessage();
  const { type, payload } = attachment;
  if (type !== 'template') {
    return media && ['image', 'video', 'audio', 'file'].includes(String(type)) ? undefined : invalidMessage();
  }
  switch (payload.template_type) {
    case 'button':
      if (!isText(payload.text, maxTemplateTextLength)) {
        return invalidParameter(`Template text must have 1 to ${maxTemplateTextLength} characters`);
      }
      return buttonsProblem(payload.buttons);
    case 'generic':
      return elementsProblem(payload.elements);
    default:
      return invalidParameter('Unknown template_type');
  }
}

function buttonsProblem(buttons: unknown): GraphReply | undefined {
  if (!Array.isArray(buttons) || buttons.length < 1 || buttons.length > maxButtons) {
    return invalidParameter(`A template must have 1 to ${maxButtons} buttons`);
  }
  for (const button of buttons) {
    if (!isObject(button) || !isText(button.title, maxButtonTitleLength)) {
      return invalidParameter(`A button's title must have 1 to ${maxButtonTitleLength} characters`);
    }
    if (button.type === 'postback' ? !isText(button.payload, 1000) : !isWebUrl(button)) {
      return invalidParameter('A button must be a web_url with url or a postback with payload');
    }
  }
  return undefined;
}

function elementsProblem(elements: unknown): GraphReply | undefined {
  if (!Array.isArray(elements) || elements.length < 1 || elements.length > maxElements) {
    return invalidParameter(`A generic template must have 1 to ${maxElements} elements`);
  }
  for (const element of elements) {
    if (!isObject(element) || !isText(element.title, maxElementTitleLength)) {
      return invalidParameter(`An element's title must have 1 to ${maxElementTitleLength} characters`);
    }
    const problem = element.buttons === undefined ? undefined : buttonsProblem(element.buttons);
    if (problem) return problem;
  }
  return undefined;
}

function isText(value: unknown, maxLength: number): boolean {
  return typeof value === 'string' && value !== '' && Array.from(value).length <= maxLength;
}

function isWebUrl(button: JsonObject): boolean {
  return button.type === 'web_url' && typeof button.url === 'string' && /^https?:\/\/\S+$/i.test(button.url);
}
