/** What a run does, in one place. Everything here goes into the JSON of the results. */
export interface Settings {
  /** How often every run is repeated; ratios are formed within a round, and their median is reported. */
  rounds: number;
  /** Connections of the load generator, each with one request under way. */
  connections: number;
  logLevel: string;
  /** Comments that each subject gets before anything counts. */
  warmUp: number;
  /** Requests at the bare receiver. */
  receiver: number;
  /** Comments of the run in which 10 % match. */
  tenPercent: number;
  /** Comments of a run in which all match, by the platform's latency. */
  allMatching: { fast: number; slow: number };
  slowPlatformMs: number;
  /** Comments in the one large request. */
  oneRequest: number;
  lowLoad: { comments: number; perSecond: number };
}

export const accountCount = 20;

export const fullSettings: Settings = {
  rounds: 5,
  connections: 32,
  logLevel: 'info',
  warmUp: 2_000,
  receiver: 30_000,
  tenPercent: 15_000,
  allMatching: { fast: 10_000, slow: 6_000 },
  slowPlatformMs: 50,
  oneRequest: 500,
  lowLoad: { comments: 200, perSecond: 25 },
};

export const quickSettings: Settings = {
  ...fullSettings,
  rounds: 1,
  warmUp: 300,
  receiver: 4_000,
  tenPercent: 2_000,
  allMatching: { fast: 1_500, slow: 1_000 },
  lowLoad: { comments: 50, perSecond: 25 },
};
