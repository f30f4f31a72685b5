import { z } from 'zod';

import { type SourceName, sourceNames } from '../retrieve-query';

const names = z.array(z.enum(sourceNames)).min(1);

/** Keys of `sources` in `config/retriever.yaml`; the file says what each means. */
export const sourceSettings = z
  .strictObject({
    defaults: names.default(['two-tower']),
    strangers: names.default(['two-tower', 'popular']),
    itemToItem: z.strictObject({ newest: z.int().min(0).max(50).default(3) }).prefault({}),
    trending: z
      .strictObject({
        halfLifeMs: z.number().min(0).default(0),
        segmentBy: z.array(z.string().min(1)).max(8).default([]),
        segmentMin: z.int().min(1).max(1000).default(50),
        items: z.int().min(1000).max(1_000_000).default(20_000),
        segments: z.int().min(1).max(10_000).default(100),
        segmentItems: z.int().min(100).max(100_000).default(4000),
        lookBackEvents: z.int().min(0).max(100_000_000).default(100_000),
      })
      .prefault({}),
    new: z.strictObject({ count: z.int().min(0).max(100_000).default(0) }).prefault({}),
    lexical: z.strictObject({ fields: z.array(z.string().min(1)).max(16).default([]) }).prefault({}),
  })
  .superRefine((settings, context) => {
    const available = availableSources(settings);
    for (const key of ['defaults', 'strangers'] as const) {
      settings[key].forEach((name, i) => {
        if (available.includes(name)) return;
        const found = `${name}, which is turned off`;
        const message = `expected one of ${available.join(', ')}`;
        context.addIssue({ code: 'custom', path: [key, i], message, params: { found } });
      });
      if (settings[key].every((name) => name === 'lexical')) {
        const message = 'expected a source beside lexical, which finds nothing for a request without text';
        context.addIssue({ code: 'custom', path: [key], message });
      }
    }
  });

/** Which sources there are, and how they work. */
export type SourceSettings = z.infer<typeof sourceSettings>;

/** Names of the sources that settings turn on. */
export function availableSources(settings: Omit<SourceSettings, 'defaults' | 'strangers'>): SourceName[] {
  const isOn: Readonly<Record<SourceName, boolean>> = {
    'two-tower': true,
    popular: true,
    'item-to-item': settings.itemToItem.newest > 0,
    trending: settings.trending.halfLifeMs > 0,
    new: settings.new.count > 0,
    lexical: settings.lexical.fields.length > 0,
  };
  return sourceNames.filter((name) => isOn[name]);
}
