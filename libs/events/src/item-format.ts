import type { Item } from '@gatehouse/domain';
import { z } from 'zod';
import { decodeFields, field, idField, typeOf } from './check-fields';
import type { CompactedFormat } from './compacted-format';
import { encodeJson } from './encode-json';
import { featuresField } from './features-field';
import { itemsTopic } from './topics';

const booleanField = field<boolean>((value) =>
  typeof value === 'boolean' ? undefined : `expected true or false, found ${typeOf(value)}`,
);

const fields = z.object({
  itemId: idField,
  features: featuresField.default({}),
  available: booleanField.default(true),
});

/**
 * Items in the topic `items`.
 *
 * @example itemFormat.decode(Buffer.from('{"itemId":"i1","features":{"genres":["drama"]}}'));
 * // { value: { itemId: 'i1', features: { genres: ['drama'] }, available: true } }
 */
export const itemFormat: CompactedFormat<Item> = {
  topic: itemsTopic,
  keyField: 'itemId',
  keyOf: ({ itemId }) => itemId,
  encode: (item) => encodeJson('item', item),
  decode: (bytes) => decodeFields(bytes, fields),
};
