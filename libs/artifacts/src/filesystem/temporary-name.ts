import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import type { WriterRole } from '../model-store';
import type { StoreFs } from './store-fs';

const pattern = /^\.tmp-(trainer|embedder)-(\d+)-/;

/** A name for what a writer has not finished, or is about to remove. Readers see no names of this kind. */
export function temporaryName(role: WriterRole, epoch: number): string {
  return `.tmp-${role}-${epoch}-${randomUUID()}`;
}

/** Removes from a folder what writers of a role up to an epoch left unfinished. The older ones are fenced, so they cannot complete it. */
export async function removeLeftovers(
  fs: StoreFs,
  folder: string,
  { role, epoch }: { readonly role: WriterRole; readonly epoch: number },
): Promise<void> {
  for (const name of await fs.names(folder)) {
    const match = pattern.exec(name);
    if (match?.[1] === role && Number(match[2]) <= epoch) await fs.remove(join(folder, name));
  }
}
