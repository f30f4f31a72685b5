import { z } from 'zod';

/** Which store of indexes an app works with. */
export const indexSettings = z.strictObject({
  kind: z.enum(['embedded', 'qdrant']).default('embedded'),
  /** Of the embedded indexes. */
  folder: z.string().min(1).default('var/index'),
});

/** Which store, with every default filled in. */
export type IndexSettings = z.infer<typeof indexSettings>;
