// A screenshot in little space: with at most 256 colours if no colour moves further than the eye sees, otherwise as it is, compressed well.
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const kSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const kMost = 256;
const kNearest = 16; // two colours that look the same at the edge of a letter or a line, as a distance in RGB

interface Picture {
  width: number;
  height: number;
  /** Of each pixel: 0xRRGGBB. */
  pixels: Uint32Array;
}

function decode(png: Buffer): Picture {
  const chunks = new Map<string, Buffer[]>();
  for (let at = 8; at < png.length; ) {
    const size = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    chunks.set(type, [...(chunks.get(type) ?? []), png.subarray(at + 8, at + 8 + size)]);
    at += 12 + size;
  }
  const head = chunks.get('IHDR')![0]!;
  const [width, height, depth, kind, interlaced] = [head.readUInt32BE(0), head.readUInt32BE(4), head[8], head[9], head[12]];
  if (depth !== 8 || (kind !== 2 && kind !== 6) || interlaced !== 0) throw new Error(`a screenshot of another kind: ${depth} bits, colour type ${kind}`);
  const each = kind === 6 ? 4 : 3;
  const stride = width * each;
  const raw = inflateSync(Buffer.concat(chunks.get('IDAT')!));
  const pixels = new Uint32Array(width * height);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; ++y) {
    const filter = raw[y * (stride + 1)]!;
    const row = new Uint8Array(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let x = 0; x < stride; ++x) {
      const left = x < each ? 0 : row[x - each]!;
      const up = above[x]!;
      row[x] = row[x]! + (filter === 0 ? 0 : filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, x < each ? 0 : above[x - each]!));
    }
    for (let x = 0; x < width; ++x) pixels[y * width + x] = (row[x * each]! << 16) | (row[x * each + 1]! << 8) | row[x * each + 2]!;
    above = row;
  }
  return { width, height, pixels };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const toLeft = Math.abs(guess - left);
  const toUp = Math.abs(guess - up);
  const toCorner = Math.abs(guess - corner);
  return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
}

const distance = (a: number, b: number) => Math.hypot((a >> 16) - (b >> 16), ((a >> 8) & 255) - ((b >> 8) & 255), (a & 255) - (b & 255));

/** The most frequent colours, without those that are as near to a chosen one as it takes to be few; nothing if that is too far. */
function paletteOf(pixels: Uint32Array): number[] | undefined {
  const counts = new Map<number, number>();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const colours = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  for (let near = 0; near <= kNearest; ++near) {
    const palette: number[] = [];
    for (const colour of colours) if (!palette.some((chosen) => distance(chosen, colour) < near)) palette.push(colour);
    if (palette.length <= kMost) return palette;
  }
  return undefined;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [size, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, check]);
}

function encode({ width, height }: Picture, bytes: number, palette: number[] | undefined, put: (rows: Buffer, at: number, pixel: number) => void): Buffer {
  const stride = width * bytes + 1; // each row begins with 0: no filter
  const rows = Buffer.alloc(height * stride);
  for (let y = 0; y < height; ++y) for (let x = 0; x < width; ++x) put(rows, y * stride + 1 + x * bytes, y * width + x);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, palette ? 3 : 2, 0, 0, 0], 8);
  const colours = palette ? [chunk('PLTE', Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255])))] : [];
  return Buffer.concat([kSignature, chunk('IHDR', head), ...colours, chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

export function smallPng(png: Buffer): Buffer {
  const picture = decode(png);
  const { pixels } = picture;
  const palette = paletteOf(pixels);
  if (!palette) return encode(picture, 3, undefined, (rows, at, pixel) => void rows.writeUIntBE(pixels[pixel]!, at, 3));
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const placeOf = (colour: number) => {
    const known = places.get(colour);
    if (known !== undefined) return known;
    const nearest = palette.reduce((best, other, place) => (distance(other, colour) < distance(palette[best]!, colour) ? place : best), 0);
    places.set(colour, nearest);
    return nearest;
  };
  return encode(picture, 1, palette, (rows, at, pixel) => (rows[at] = placeOf(pixels[pixel]!)));
}
