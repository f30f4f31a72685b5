/** Name of the file that holds a part whole. */
export function fileOfPart(part: string): string {
  return `${part}.safetensors`;
}

/** Name of the file that holds what changed in a part. */
export function patchFileOfPart(part: string): string {
  return fileOfPart(`${part}.patch`);
}

/** Whether a file holds what changed in a part. */
export function isPatchFile(name: string): boolean {
  return name.endsWith(patchFileOfPart(''));
}
