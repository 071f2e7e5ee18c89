// What a thin Mach-O file of 64 bits says of itself, and whether its signature holds.
import { createHash } from 'node:crypto';
import { textAt } from './elf.mjs';

const CPUS = { 0x01000007: 'x86_64', 0x0100000c: 'aarch64' };
const COMMAND = { symbols: 0x2, signature: 0x1d, minimum: 0x32 };
const CODE_DIRECTORY = 0xfade0c02;
const AD_HOC = 0x2;

/** `{ cpu, minimum, exports, signature }`: the system as `11.0`, the signature as `none`, `ad hoc`, `broken` or `other`. */
export function readMachO(bytes) {
  if (bytes.readUInt32LE(0) !== 0xfeedfacf) throw new Error('it is no thin Mach-O file of 64 bits');
  const found = { cpu: CPUS[bytes.readUInt32LE(4)], minimum: undefined, exports: [], signature: 'none' };
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left -= 1, at += bytes.readUInt32LE(at + 4)) {
    const command = bytes.readUInt32LE(at);
    if (command === COMMAND.symbols) found.exports = exported(bytes, at);
    if (command === COMMAND.signature) found.signature = signature(bytes, bytes.readUInt32LE(at + 8));
    if (command === COMMAND.minimum) found.minimum = `${bytes.readUInt16LE(at + 14)}.${bytes[at + 13]}`;
  }
  return found;
}

function exported(bytes, at) {
  const [symbols, count, texts] = [8, 12, 16].map((place) => bytes.readUInt32LE(at + place));
  const names = [];
  for (let index = 0; index < count; index += 1) {
    const symbol = symbols + 16 * index;
    // External, in a section, not for a debugger.
    if ((bytes[symbol + 4] & 0xef) === 0x0f) names.push(textAt(bytes, texts + bytes.readUInt32LE(symbol)));
  }
  return names;
}

/** A signature is a list of parts; the code directory among them has a hash of each page before the signature. */
function signature(bytes, start) {
  for (let index = 0; index < bytes.readUInt32BE(start + 8); index += 1) {
    const part = start + bytes.readUInt32BE(start + 16 + 8 * index);
    if (bytes.readUInt32BE(part) !== CODE_DIRECTORY) continue;
    const [flags, hashes, pages, end] = [12, 16, 28, 32].map((place) => bytes.readUInt32BE(part + place));
    const [hashSize, page] = [bytes[part + 36], 2 ** bytes[part + 39]];
    const isPageRight = (number) => {
      const content = bytes.subarray(number * page, Math.min((number + 1) * page, end));
      const place = part + hashes + number * hashSize;
      return createHash('sha256').update(content).digest().subarray(0, hashSize).equals(bytes.subarray(place, place + hashSize));
    };
    if (end !== start || !Array.from({ length: pages }, (_, number) => number).every(isPageRight)) return 'broken';
    return flags & AD_HOC ? 'ad hoc' : 'other';
  }
  return 'none';
}
