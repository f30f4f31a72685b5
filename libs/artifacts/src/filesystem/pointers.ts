import { join } from 'node:path';

import { z } from 'zod';

import { DamagedPointerError } from '../errors';
import type { Pointer, PointerName, WriterRole } from '../model-store';
import { FormatError } from './format-error';
import { versionId } from './manifest-file';
import { parseFields } from './parse-fields';
import { readFile } from './read-file';
import { openSealedJson, sealJson } from './sealed-json';
import type { StoreFs } from './store-fs';
import { temporaryName } from './temporary-name';
import { writeFile } from './write-file';

/** Which role writes which pointers. */
export const pointersOf: Readonly<Record<WriterRole, readonly PointerName[]>> = {
  trainer: ['checkpoint', 'latest'],
  embedder: ['refreshing', 'servable'],
  operator: ['pinned'],
};

const pointerFields = z.strictObject({
  version: versionId,
  indexId: z.string().min(1).exactOptional(),
  detail: z.json().exactOptional(),
});

/** Name and epoch stand in the file too, so that one copied to another place is refused. */
const fileFields = z.strictObject({ name: z.string(), epoch: z.int(), pointer: pointerFields.nullable() });

/** The folder that holds one file per epoch in which a pointer was written. */
export function pointerFolder(folder: string, name: PointerName): string {
  return join(folder, 'pointers', name);
}

/** @throws RangeError naming the field, when {@link readPointer} would refuse the value. */
export function checkPointer(name: PointerName, to: Pointer): void {
  try {
    parseFields(pointerFields, to, [name]);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new RangeError(`pointer ${cause.message}`, { cause });
  }
}

/**
 * Value of a pointer in the greatest epoch that has a file of it.
 *
 * @throws DamagedPointerError when that file is not, byte for byte, what was written.
 */
export async function readPointer(fs: StoreFs, folder: string, name: PointerName): Promise<Pointer | undefined> {
  const epochs = (await fs.names(pointerFolder(folder, name))).map((file) => /^([1-9]\d{0,14})\.json$/.exec(file)?.[1]);
  const epoch = Math.max(0, ...epochs.filter((digits) => digits !== undefined).map(Number));
  if (epoch === 0) return undefined;
  const path = join(pointerFolder(folder, name), `${epoch}.json`);
  try {
    const { bytes } = await readFile(fs, path);
    const found = parseFields(fileFields, openSealedJson(bytes));
    if (found.name !== name || found.epoch !== epoch)
      throw new FormatError(`expected ${name} of epoch ${epoch}, found ${found.name} of epoch ${found.epoch}`);
    return found.pointer ?? undefined;
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new DamagedPointerError(path, cause.message, { cause });
  }
}

/** Replaces the file of one epoch. At any crash it holds the old value or the new one. Null says that the pointer has no value. */
export async function writePointer(
  fs: StoreFs,
  folder: string,
  name: PointerName,
  { role, epoch }: { readonly role: WriterRole; readonly epoch: number },
  pointer: Pointer | null,
): Promise<void> {
  const pointers = pointerFolder(folder, name);
  const temporary = join(pointers, temporaryName(role, epoch));
  try {
    await writeFile(fs, temporary, [sealJson({ name, epoch, pointer })]);
    await fs.rename(temporary, join(pointers, `${epoch}.json`));
    await fs.syncFolder(pointers);
  } catch (error) {
    await fs.remove(temporary).catch(() => undefined); // the next leader removes it
    throw error;
  }
}
