import { type Filter, maxFilterDepth, type Scalar } from '@gatehouse/domain';
import type { Filter as WireFilter, Scalar as WireScalar } from '@gatehouse/proto';
import type { AttributeType, Schema } from '@gatehouse/schema';

import { InvalidRequestError, quote } from './invalid-request-error';
import { validateScalar } from './validate-values';

type Attributes = Schema['attributes'];

const maxConditions = 100;
const maxValues = 1000;

/** Bounds what a filter costs for every item that a search looks at: its conditions at all depths, an `in` counting for each value. */
const maxSize = 1000;

/**
 * Checks a filter and turns it into the domain's: at most 8 deep and 1000 conditions and values in all, on attributes that the schema
 * declares, with values of their types.
 *
 * @param field where the filter stands, for messages.
 * @throws InvalidRequestError
 */
export function validateFilter(filter: WireFilter, attributes: Attributes, field: string): Filter {
  let size = 0;
  const grow = (by: number): void => {
    size += by;
    if (size > maxSize) throw new InvalidRequestError(field, `at most ${maxSize} conditions and values in all`, 'more');
  };
  return toFilter(filter, attributes, field, 1, grow);
}

function toFilter(
  { condition }: WireFilter,
  attributes: Attributes,
  field: string,
  depth: number,
  grow: (by: number) => void,
): Filter {
  if (depth > maxFilterDepth) throw new InvalidRequestError(field, `a filter at most ${maxFilterDepth} deep`, `more`);
  if (condition?.$case !== 'in') grow(1);
  switch (condition?.$case) {
    case 'allOf':
    case 'anyOf': {
      const name = condition.$case === 'allOf' ? 'all_of' : 'any_of';
      const { filters } = condition.value;
      checkCount(filters, maxConditions, `${field}.${name}.filters`);
      const inner = filters.map((each, i) =>
        toFilter(each, attributes, `${field}.${name}.filters[${i}]`, depth + 1, grow),
      );
      return condition.$case === 'allOf' ? { allOf: inner } : { anyOf: inner };
    }
    case 'not':
      return { not: toFilter(condition.value, attributes, `${field}.not`, depth + 1, grow) };
    case 'equals': {
      const { attribute, value } = condition.value;
      const type = typeOf(attribute, attributes, `${field}.equals`);
      return { equals: { attribute, value: typedScalar(value, type, `${field}.equals.value`) } };
    }
    case 'in': {
      const { attribute, values } = condition.value;
      const type = typeOf(attribute, attributes, `${field}.in`);
      checkCount(values, maxValues, `${field}.in.values`);
      grow(values.length);
      return {
        in: { attribute, values: values.map((value, i) => typedScalar(value, type, `${field}.in.values[${i}]`)) },
      };
    }
    case 'range': {
      const { attribute, min, max } = condition.value;
      const type = typeOf(attribute, attributes, `${field}.range`);
      if (type !== 'number')
        throw new InvalidRequestError(`${field}.range.attribute`, 'a number attribute', `a ${type}`);
      if (min === undefined && max === undefined)
        throw new InvalidRequestError(`${field}.range`, 'min, max or both', 'neither');
      for (const [name, bound] of Object.entries({ min, max })) {
        if (Number.isNaN(bound)) throw new InvalidRequestError(`${field}.range.${name}`, 'a number', 'NaN');
      }
      return { range: { attribute, ...(min !== undefined && { min }), ...(max !== undefined && { max }) } };
    }
    case undefined:
      throw new InvalidRequestError(field, 'one of all_of, any_of, not, equals, in, range', 'none');
  }
}

function checkCount(list: readonly unknown[], max: number, field: string): void {
  if (list.length < 1 || list.length > max)
    throw new InvalidRequestError(field, `1 to ${max} entries`, String(list.length));
}

function typeOf(attribute: string, attributes: Attributes, field: string): AttributeType {
  if (Object.hasOwn(attributes, attribute)) return attributes[attribute];
  const declared = Object.keys(attributes);
  const expected =
    declared.length > 0 ? `one of ${declared.join(', ')}` : 'no filter, for the schema declares no attributes';
  throw new InvalidRequestError(`${field}.attribute`, expected, quote(attribute));
}

function typedScalar(value: WireScalar | undefined, type: AttributeType, field: string): Scalar {
  const scalar = validateScalar(value, field);
  if (typeof scalar !== type) throw new InvalidRequestError(field, `a ${type}`, quote(scalar));
  return scalar;
}
