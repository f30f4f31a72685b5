import { type Change, decodeFrames, encodeFrame } from './delta-frame';

const dimension = 3;
const changes: readonly Change[] = [
  {
    upserts: [
      {
        itemId: 'a',
        vector: Float32Array.of(1, -0.1, 3e-40),
        attributes: { tags: ['x', 'é'], price: 2.5, free: false },
      },
      { itemId: 'b "quoted" \u{1F600}', vector: Float32Array.of(4, 5, 6), attributes: {} },
    ],
    removals: [],
  },
  { upserts: [], removals: ['a', 'gone'] },
  { upserts: [{ itemId: 'c', vector: Float32Array.of(7, 8, 9), attributes: {} }], removals: ['b'] },
];
const frames = changes.map(encodeFrame);
const log = Buffer.concat(frames);
const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length);
const lastBegins = ends[1];

describe('delta frames', () => {
  it('come back as they went in', () => {
    expect(decodeFrames(log, dimension)).toEqual({ changes, wholeBytes: log.length, damaged: false });
    expect(decodeFrames(Buffer.alloc(0), dimension)).toEqual({ changes: [], wholeBytes: 0, damaged: false });
  });

  it('take a vector that is part of a larger array', () => {
    const vector = Float32Array.of(0, 1, 2, 3, 4).subarray(1, 4);
    const change = { upserts: [{ itemId: 'a', vector, attributes: {} }], removals: [] };
    expect(decodeFrames(encodeFrame(change), dimension).changes).toEqual([change]);
  });

  it('count only when whole: any cut leaves those before it', () => {
    for (let length = 0; length <= log.length; length++) {
      const whole = ends.filter((end) => end <= length).length;
      const wholeBytes = whole === 0 ? 0 : ends[whole - 1];
      const decoded = decodeFrames(log.subarray(0, length), dimension);
      expect(decoded).toEqual({ changes: changes.slice(0, whole), wholeBytes, damaged: false });
    }
  });

  it('take a last frame whose bytes are wrong for unfinished, and any other for damage', () => {
    for (let at = 8; at < ends[0]; at++) {
      const flipped = Buffer.from(log);
      flipped[at] ^= 1;
      expect(decodeFrames(flipped, dimension)).toEqual({ changes: [], wholeBytes: 0, damaged: true });
    }
    for (let at = lastBegins + 4; at < log.length; at++) {
      const flipped = Buffer.from(log);
      flipped[at] ^= 1;
      expect(decodeFrames(flipped, dimension)).toEqual({
        changes: changes.slice(0, 2),
        wholeBytes: lastBegins,
        damaged: false,
      });
    }
  });

  it('are not seen in the zeros of a torn write', () => {
    const torn = Buffer.concat([frames[0], Buffer.alloc(64)]);
    expect(decodeFrames(torn, dimension)).toEqual({ changes: [changes[0]], wholeBytes: ends[0], damaged: false });
  });
});
