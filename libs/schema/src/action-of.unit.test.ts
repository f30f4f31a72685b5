import { actionOf } from './action-of';
import type { Schema } from './schema';

const schema = { actions: { click: { weight: 1, seen: true } } } as unknown as Schema;

describe('actionOf', () => {
  it('finds an action of the schema', () => {
    expect(actionOf(schema, 'click')).toEqual({ weight: 1, seen: true });
  });

  it.each(['buy', '', 'constructor', '__proto__', 'toString'])('does not know %j', (name) => {
    expect(actionOf(schema, name)).toBeUndefined();
  });
});
