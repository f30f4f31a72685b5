import type { ActionSpec, Schema } from './schema';

/**
 * What an action means, or undefined when the schema does not know it. The name comes from outside: `constructor` is no action.
 *
 * @example actionOf(schema, 'click')?.weight; // 1
 */
export function actionOf({ actions }: Schema, name: string): ActionSpec | undefined {
  return Object.hasOwn(actions, name) ? actions[name] : undefined;
}
