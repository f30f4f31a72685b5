import { hashId } from '@gatehouse/domain';

import { examplesShown, type Finding } from './finding';

/** Ids that are remembered: some 200 bytes each. */
const maxIds = 500_000;

/**
 * Looks for ids that are taken for one another: two that share the 64-bit key under which draws are counted, and two that differ only by
 * case, white space around them or Unicode form, which are mostly one thing written twice. Memory: the first 500,000 different ids.
 */
export function createIdCheck(what: 'item' | 'user', limit = maxIds): { add(id: string): void; findings(): Finding[] } {
  const seen = new Set<string>();
  const byKey = new Map<string, string>();
  const byForm = new Map<string, string>();
  const key = new Uint32Array(2);
  const collisions: string[] = [];
  const lookAlikes: string[] = [];
  let [collided, alike, leftOut] = [0, 0, 0];

  const add = (id: string): void => {
    if (seen.has(id)) return;
    if (seen.size >= limit) {
      leftOut++;
      return;
    }
    seen.add(id);
    hashId(id, key, 0);
    const sameKey = first(byKey, `${key[0]}.${key[1]}`, id);
    if (sameKey !== id && collided++ < examplesShown) collisions.push(`${show(sameKey)} and ${show(id)}`);
    const sameForm = first(byForm, id.normalize('NFC').trim().toLowerCase(), id);
    if (sameForm !== id && alike++ < examplesShown) lookAlikes.push(`${show(sameForm)} and ${show(id)}`);
  };

  return {
    add,
    findings: () => {
      const findings: Finding[] = [];
      if (collided > 0) {
        const text = `${what} ids that share a 64-bit key: their frequencies are counted as one, so their log Q is too high`;
        findings.push({ kind: `colliding-${what}-ids`, count: collided, text, examples: collisions });
      }
      if (alike > 0) {
        const text = `${what} ids that differ only by case, white space or Unicode form: if they are one ${what}, write them alike`;
        findings.push({ kind: `look-alike-${what}-ids`, count: alike, text, examples: lookAlikes });
      }
      if (leftOut > 0) {
        const text = `rows with a new ${what} id after the first ${limit}: their ids were not compared`;
        findings.push({ kind: `unchecked-${what}-ids`, count: leftOut, text, examples: [] });
      }
      return findings;
    },
  };
}

/** What stands under a key, which is `value` where nothing did. */
function first(map: Map<string, string>, key: string, value: string): string {
  const known = map.get(key);
  if (known === undefined) map.set(key, value);
  return known ?? value;
}

function show(id: string): string {
  return JSON.stringify(id).slice(0, 60);
}
