/** What the two halves of the bare loop agree on. */
export const loopQueue = 'bench-loop';

/** Everything that sending takes, since there is no database to ask. */
export interface LoopJob {
  accountId: string;
  commentId: string;
}
