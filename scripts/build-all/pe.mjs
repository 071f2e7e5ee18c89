// What a PE file (a DLL of Windows, 64 bits) says of itself.
import { textAt } from './elf.mjs';

const CPUS = { 0x8664: 'x86_64', 0xaa64: 'aarch64' };

/** `{ cpu, exports, libraries }`: names of functions, and of the DLLs that it imports from. */
export function readPe(bytes) {
  const header = bytes.readUInt32LE(0x3c);
  if (bytes.toString('latin1', header, header + 4) !== 'PE\0\0') throw new Error('it is no PE file');
  const optional = header + 24;
  if (bytes.readUInt16LE(optional) !== 0x20b) throw new Error('it is no PE file of 64 bits');
  const sections = optional + bytes.readUInt16LE(header + 20);
  const inFile = (address) => {
    for (let at = sections, left = bytes.readUInt16LE(header + 6); left > 0; left -= 1, at += 40) {
      const [size, start, , place] = [8, 12, 16, 20].map((offset) => bytes.readUInt32LE(at + offset));
      if (address >= start && address < start + size) return place + address - start;
    }
    throw new Error('an address is in no section');
  };
  return {
    cpu: CPUS[bytes.readUInt16LE(header + 4)],
    exports: exported(bytes, bytes.readUInt32LE(optional + 112), inFile),
    libraries: imported(bytes, bytes.readUInt32LE(optional + 120), inFile),
  };
}

function exported(bytes, address, inFile) {
  if (address === 0) return [];
  const directory = inFile(address);
  const names = inFile(bytes.readUInt32LE(directory + 32));
  return Array.from({ length: bytes.readUInt32LE(directory + 24) }, (_, index) => textAt(bytes, inFile(bytes.readUInt32LE(names + 4 * index))));
}

function imported(bytes, address, inFile) {
  const libraries = [];
  if (address === 0) return libraries;
  for (let at = inFile(address); bytes.readUInt32LE(at + 12) !== 0; at += 20) libraries.push(textAt(bytes, inFile(bytes.readUInt32LE(at + 12))));
  return libraries;
}
