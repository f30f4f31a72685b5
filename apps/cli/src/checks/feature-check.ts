import type { Features } from '@gatehouse/domain';

import type { Finding } from './finding';

/** Rows from which on an unchanging feature says something: of two or three rows any may agree by chance. */
const minRows = 5;

/** Looks for item features that are the same in every row. Memory: one value a feature. */
export function createFeatureCheck(): { add(features: Features): void; findings(): Finding[] } {
  const firsts = new Map<
    string,
    { readonly value: string; readonly atRow: number; isConstant: boolean; rows: number }
  >();
  let rows = 0;
  return {
    add: (features) => {
      rows++;
      for (const [name, value] of Object.entries(features)) {
        const text = JSON.stringify(value);
        const first = firsts.get(name) ?? { value: text, atRow: rows, isConstant: true, rows: 0 };
        first.rows++;
        if (text !== first.value) first.isConstant = false;
        firsts.set(name, first);
      }
    },
    findings: () => {
      // Present in some rows and missing in others is a difference too.
      const constant = [...firsts].filter(([, first]) => first.isConstant && first.rows === rows);
      if (rows < minRows || constant.length === 0) return [];
      return [
        {
          kind: 'constant-feature',
          count: constant.length,
          text: `features with one value in all ${rows} items: they tell no item from another`,
          examples: constant.map(([name, { value }]) => `${name} = ${value.slice(0, 60)}`),
        },
      ];
    },
  };
}
