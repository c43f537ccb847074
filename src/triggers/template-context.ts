/** What a template may speak of. A field that is not known is null, never absent. */
export interface TemplateContext {
  contact: { username: string | null };
  resource: { name: string; url: string | null; text: string | null };
  account: { username: string | null };
  /** How many payments it costs at the door by which the contact came. */
  price: number;
}
