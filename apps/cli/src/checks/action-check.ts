import type { Schema } from '@gatehouse/schema';
import { actionOf } from '@gatehouse/schema';

import type { Finding } from './finding';

/** Names of unknown actions that are told apart: a wrong column could bring as many as there are rows. */
const maxNames = 20;

/** Counts actions that teach nothing: those of weight 0, and those that the schema does not know. */
export function createActionCheck(schema: Schema): { add(action: unknown): void; findings(): Finding[] } {
  const without = new Map<string, number>();
  const unknown = new Map<string, number>();
  let [positives, unknownCount] = [0, 0];
  return {
    add: (action) => {
      const name = typeof action === 'string' ? action : JSON.stringify(action ?? null);
      const weight = actionOf(schema, name)?.weight;
      if (weight === undefined) {
        unknownCount++;
        if (unknown.has(name) || unknown.size < maxNames) unknown.set(name, (unknown.get(name) ?? 0) + 1);
      } else if (weight > 0) positives++;
      else without.set(name, (without.get(name) ?? 0) + 1);
    },
    findings: () => {
      const show = (counts: ReadonlyMap<string, number>): string[] =>
        [...counts].map(([name, count]) => `${name.slice(0, 60)}: ${count}`);
      const findings: Finding[] = [];
      const withoutCount = [...without.values()].reduce((sum, count) => sum + count, 0);
      if (withoutCount > 0) {
        const text = 'events whose action has weight 0 in the schema: no positives, they can only be hard negatives';
        findings.push({ kind: 'actions-without-weight', count: withoutCount, text, examples: show(without) });
      }
      if (unknownCount > 0) {
        const text = `events whose action the schema does not know (${Object.keys(schema.actions).join(', ')}): they are refused`;
        findings.push({ kind: 'unknown-actions', count: unknownCount, text, examples: show(unknown) });
      }
      if (positives === 0 && withoutCount + unknownCount > 0) {
        const text = 'positives among all events: nothing will be learned';
        findings.push({ kind: 'no-positives', count: 0, text, examples: [] });
      }
      return findings;
    },
  };
}
