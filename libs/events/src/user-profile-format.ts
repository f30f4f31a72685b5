import type { UserProfile } from '@gatehouse/domain';
import { z } from 'zod';
import { decodeFields, idField } from './check-fields';
import type { CompactedFormat } from './compacted-format';
import { encodeJson } from './encode-json';
import { featuresField } from './features-field';
import { usersTopic } from './topics';

const fields = z.object({ userId: idField, features: featuresField.default({}) });

/**
 * Profiles in the topic `users`.
 *
 * @example userProfileFormat.decode(Buffer.from('{"userId":"u1","features":{"country":"nz"}}'));
 * // { value: { userId: 'u1', features: { country: 'nz' } } }
 */
export const userProfileFormat: CompactedFormat<UserProfile> = {
  topic: usersTopic,
  keyField: 'userId',
  keyOf: ({ userId }) => userId,
  encode: (profile) => encodeJson('profile', profile),
  decode: (bytes) => decodeFields(bytes, fields),
};
