// What an ELF file of 64 bits, little-endian, says of itself.

const MACHINES = { 0x3e: 'x86_64', 0xb7: 'aarch64' };
const SEGMENT = { interpreter: 3 };
const SECTION = { dynamic: 6, dynamicSymbols: 11, versionsNeeded: 0x6ffffffe };
const DYNAMIC = { needed: 1 };

/** `{ cpu, interpreter, libraries, versions, exports }`: loader and libraries by name, symbol versions as `GLIBC_2.28`. */
export function readElf(bytes) {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) throw new Error('it is no ELF file of 64 bits');
  const sections = table(bytes, offset(bytes, 0x28), bytes.readUInt16LE(0x3a), bytes.readUInt16LE(0x3c)).map((entry) => ({
    type: entry.readUInt32LE(4), start: offset(entry, 24), size: offset(entry, 32), link: entry.readUInt32LE(40), count: entry.readUInt32LE(44), entrySize: offset(entry, 56),
  }));
  const segments = table(bytes, offset(bytes, 0x20), bytes.readUInt16LE(0x36), bytes.readUInt16LE(0x38));
  const rows = ({ start, size, entrySize }) => table(bytes, start, entrySize, size / entrySize);
  const of = (type) => sections.filter((section) => section.type === type).map((section) => {
    const names = sections[section.link];
    return { section, text: (at) => textAt(bytes, names.start + at) };
  });
  const interpreter = segments.find((entry) => entry.readUInt32LE(0) === SEGMENT.interpreter);
  return {
    cpu: MACHINES[bytes.readUInt16LE(0x12)],
    interpreter: interpreter && textAt(bytes, offset(interpreter, 8)),
    libraries: of(SECTION.dynamic).flatMap(({ section, text }) => rows(section)
      .filter((entry) => offset(entry, 0) === DYNAMIC.needed).map((entry) => text(offset(entry, 8)))),
    versions: of(SECTION.versionsNeeded).flatMap(({ section, text }) => versions(bytes, section).map(text)),
    // A defined symbol has a section.
    exports: of(SECTION.dynamicSymbols).flatMap(({ section, text }) => rows(section)
      .filter((entry) => entry.readUInt16LE(6) !== 0).map((entry) => text(entry.readUInt32LE(0)))),
  };
}

/** Where the names of the versions stand: a chain of libraries, each with a chain of versions. */
function versions(bytes, { start, count }) {
  const names = [];
  for (let library = start, left = count; left > 0; left -= 1, library += bytes.readUInt32LE(library + 12)) {
    let version = library + bytes.readUInt32LE(library + 8);
    for (let more = bytes.readUInt16LE(library + 2); more > 0; more -= 1, version += bytes.readUInt32LE(version + 12)) {
      names.push(bytes.readUInt32LE(version + 8));
    }
  }
  return names;
}

function table(bytes, start, size, count) {
  return Array.from({ length: count }, (_, index) => bytes.subarray(start + index * size, start + (index + 1) * size));
}

function offset(bytes, at) {
  return Number(bytes.readBigUInt64LE(at));
}

export function textAt(bytes, at) {
  return bytes.toString('latin1', at, bytes.indexOf(0, at));
}
