/**
 * Position in every partition of every topic: the *next* offset to read.
 *
 * @example const start: Offsets = { impressions: { 0: 4096 } };
 */
export type Offsets = Readonly<Record<string, Readonly<Record<number, number>>>>;
