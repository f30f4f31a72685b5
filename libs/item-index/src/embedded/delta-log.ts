import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { IndexDamagedError, IndexNotFoundError } from '../errors';
import { type Change, decodeFrames, encodeFrame } from './delta-frame';
import { hasCode } from './has-code';

/**
 * The changes of an index after it was sealed, one frame each. One process appends; any number of them read on as it grows. A file
 * that was dropped stays readable for whoever has it open.
 */
export class DeltaLog {
  private readonly reader: number;
  private writer: FileHandle | undefined;
  /** End of the last whole frame that was read. */
  private end = 0;

  constructor(
    private readonly path: string,
    private readonly indexId: string,
    private readonly dimension: number,
  ) {
    this.reader = openSync(path, 'r');
  }

  /**
   * The changes since the last call, oldest first. Synchronous: nearly always there are none, and then it costs one `fstat`.
   *
   * @throws IndexDamagedError.
   */
  readNew(): readonly Change[] {
    const { size } = fstatSync(this.reader);
    if (size <= this.end) return [];
    const buffer = Buffer.allocUnsafe(size - this.end);
    const bytesRead = readSync(this.reader, buffer, 0, buffer.length, this.end);
    const { changes, wholeBytes, damaged } = decodeFrames(buffer.subarray(0, bytesRead), this.dimension);
    this.end += wholeBytes;
    if (damaged) throw new IndexDamagedError(this.indexId, 'delta.log', 'a whole frame', `a bad one at ${this.end}`);
    return changes;
  }

  /**
   * Appends a change; durable when it resolves. Whatever is new must have been read before: what lies behind that is the rest of
   * a write that failed, and is cut off.
   *
   * @throws IndexNotFoundError when the index was dropped.
   */
  async append(change: Change): Promise<void> {
    this.writer ??= await this.openWriter();
    const { size } = await this.writer.stat();
    if (size > this.end) await this.writer.truncate(this.end);
    await this.writer.appendFile(encodeFrame(change));
    await this.writer.datasync();
  }

  async close(): Promise<void> {
    closeSync(this.reader);
    await this.writer?.close();
  }

  /** Opened by the first write only: readers may lack the right to write. */
  private async openWriter(): Promise<FileHandle> {
    let writer: FileHandle;
    try {
      writer = await open(this.path, constants.O_WRONLY | constants.O_APPEND);
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) throw new IndexNotFoundError(this.indexId, { cause });
      throw cause;
    }
    if ((await writer.stat()).ino === fstatSync(this.reader).ino) return writer;
    await writer.close(); // dropped, and another index took the id
    throw new IndexNotFoundError(this.indexId);
  }
}
