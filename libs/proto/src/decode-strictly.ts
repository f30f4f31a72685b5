import { BinaryReader } from '@bufbuild/protobuf/wire';

/** Text of a message is not UTF-8. */
export class NotUtf8Error extends Error {
  override readonly name = 'NotUtf8Error';
  constructor() {
    super('text that is not UTF-8');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes bytes by the generated `decode` of a message and refuses text that is not UTF-8, as the language guide asks. By itself it puts
 * U+FFFD in the place of what is wrong, and so makes one id of several.
 *
 * @param decode a generated decoder: these take a reader as well as bytes, which their type in a service does not say.
 * @throws NotUtf8Error; whatever the decoder throws for bytes that are no message.
 * @example const request = decodeStrictly(RetrieveRequest.decode, bytes);
 */
export function decodeStrictly<Bytes extends Uint8Array, Message>(
  decode: (bytes: Bytes) => Message,
  bytes: Bytes,
): Message {
  const reader = new BinaryReader(bytes, (text) => {
    try {
      return utf8.decode(text);
    } catch {
      throw new NotUtf8Error();
    }
  });
  return decode(reader as unknown as Bytes);
}
