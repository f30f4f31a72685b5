import { z } from 'zod';

import { impressionFields } from './decode-impression';

/** JSON schema (draft 2020-12) of an impression, for those who produce them: made from what `decodeImpression` checks. */
export function impressionJsonSchema(): object {
  const schema = z.toJSONSchema(impressionFields, { io: 'input', unrepresentable: 'any' });
  return {
    title: 'Impression',
    description:
      'Value of a record of the topic `impressions`, keyed by userId, at most 64 KiB. Unknown fields are ignored.',
    ...schema,
  };
}
