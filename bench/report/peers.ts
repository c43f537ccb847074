/** Measured once with the same load on the 2-core development machine, to stand beside what is measured now. */
export interface Peer {
  name: string;
  acksPerSecond: number;
  dmsFast: number;
  dmsSlow: number;
  cpuPerThousand: number;
}

export const peers: readonly Peer[] = [
  { name: 'n8n 2.40', acksPerSecond: 53, dmsFast: 53, dmsSlow: 31, cpuPerThousand: 24 },
  { name: 'openreply @80fa387', acksPerSecond: 226, dmsFast: 145, dmsSlow: 60, cpuPerThousand: 10.9 },
];
