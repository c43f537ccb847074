/** Something that takes webhooks, and what of it uses the machine. */
export interface Subject {
  name: string;
  webhookUrl: string;
  /** The processes whose CPU time it is, by their part. */
  processes: Record<string, number>;
  /** Resolves when nothing is under way any more, outcomes included. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}
