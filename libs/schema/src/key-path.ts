/** Steps from the root of a document to a value: keys of mappings and indices of lists. */
export type KeyPath = readonly PropertyKey[];

/**
 * Writes a path as users read it.
 *
 * @example formatPath(['query', 'features', 0, 'table']); // 'query.features[0].table'
 */
export function formatPath(path: KeyPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** The value at a path, or `undefined` where the path leads nowhere. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}
