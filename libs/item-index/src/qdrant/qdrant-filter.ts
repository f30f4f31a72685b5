import type { Filter, ItemId, Scalar } from '@gatehouse/domain';
import type { Schemas } from '@qdrant/js-client-rest';

import { pointIdOf } from './point-id';

type Condition = Schemas['Condition'];
/** A condition, or what is known without looking at any point. */
type Compiled = Condition | 'all' | 'none';

/** Key under which the payload has the attributes. */
export const attributesKey = 'attributes';

/** Path of an attribute in the payload; quoted, for a name may have dots. */
export function attributePath(attribute: string): string {
  return `${attributesKey}."${attribute}"`;
}

/**
 * A filter and exclusions in Qdrant's words, by the rules of `matchesFilter`; `none` when no point can pass.
 *
 * What has no counterpart there is decided here: an `anyOf` or `in` of nothing passes nobody, where Qdrant takes an empty `should` for no
 * condition.
 */
export function toQdrantFilter(
  filter: Filter | undefined,
  exclude: ReadonlySet<ItemId> | undefined,
): Schemas['Filter'] | 'all' | 'none' {
  const compiled = filter ? compile(filter) : 'all';
  if (compiled === 'none') return 'none';
  const must = compiled === 'all' ? [] : [compiled];
  const must_not: Condition[] = exclude?.size ? [{ has_id: [...exclude].map(pointIdOf) }] : [];
  return must.length + must_not.length === 0 ? 'all' : { must, must_not };
}

function compile(filter: Filter): Compiled {
  if ('allOf' in filter) return allOf(filter.allOf.map(compile));
  if ('anyOf' in filter) return anyOf(filter.anyOf.map(compile));
  if ('not' in filter) return not(compile(filter.not));
  if ('equals' in filter) return equals(filter.equals.attribute, filter.equals.value);
  if ('in' in filter) {
    const { attribute, values } = filter.in;
    const texts = values.filter((value) => typeof value === 'string');
    const others = values.filter((value) => typeof value !== 'string').map((value) => equals(attribute, value));
    return anyOf([...(texts.length > 0 ? [{ key: attributePath(attribute), match: { any: texts } }] : []), ...others]);
  }
  const { attribute, min = -Infinity, max = Infinity } = filter.range;
  return range(attribute, min, max);
}

function allOf(parts: readonly Compiled[]): Compiled {
  if (parts.includes('none')) return 'none';
  const must = parts.filter((part) => part !== 'all') as Condition[];
  return must.length === 0 ? 'all' : { must };
}

function anyOf(parts: readonly Compiled[]): Compiled {
  if (parts.includes('all')) return 'all';
  const should = parts.filter((part) => part !== 'none') as Condition[];
  return should.length === 0 ? 'none' : { should };
}

function not(part: Compiled): Compiled {
  if (part === 'all') return 'none';
  return part === 'none' ? 'all' : { must_not: [part] };
}

/** Qdrant matches texts, whole numbers and booleans; a range of one number matches any number. */
function equals(attribute: string, value: Scalar): Compiled {
  if (typeof value === 'number') return Number.isNaN(value) ? 'none' : range(attribute, value, value);
  return { key: attributePath(attribute), match: { value } };
}

/** JSON has no infinity, and no number is beyond the greatest. */
function range(attribute: string, min: number, max: number): Compiled {
  if (min > max || min === Infinity || max === -Infinity) return 'none';
  return {
    key: attributePath(attribute),
    range: { gte: Math.max(min, -Number.MAX_VALUE), lte: Math.min(max, Number.MAX_VALUE) },
  };
}
