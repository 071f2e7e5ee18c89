// What an ELF file of 64 bits, little-endian, says of itself.

const MACHINES = { 0x3e: 'x86_64', 0xb7: 'aarch64' };
const SEGMENT = { loaded: 1, interpreter: 3 };
const SECTION = { relocations: 4, dynamic: 6, dynamicSymbols: 11, initialisers: 14, versionsNeeded: 0x6ffffffe };
const DYNAMIC = { needed: 1 };
/** An address in the file itself, by processor. */
const RELATIVE = { x86_64: 8n, aarch64: 0x403n };
/** A function that does nothing, without a frame of its own and with one. */
const NOTHING = {
  x86_64: ['c3', '554889e55dc3'],
  aarch64: ['c0035fd6', 'fd7bbfa9fd030091fd7bc1a8c0035fd6'],
};

/**
 * `{ cpu, interpreter, libraries, versions, exports, imports, emptyInitialisers }`: loader and libraries by name, symbol
 * versions as `GLIBC_2.28`, and how many of the functions that run when it is loaded do nothing but return.
 */
export function readElf(bytes) {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) throw new Error('it is no ELF file of 64 bits');
  const sections = table(bytes, offset(bytes, 0x28), bytes.readUInt16LE(0x3a), bytes.readUInt16LE(0x3c)).map((entry) => ({
    type: entry.readUInt32LE(4), address: offset(entry, 16), start: offset(entry, 24), size: offset(entry, 32), link: entry.readUInt32LE(40), count: entry.readUInt32LE(44), entrySize: offset(entry, 56),
  }));
  const segments = table(bytes, offset(bytes, 0x20), bytes.readUInt16LE(0x36), bytes.readUInt16LE(0x38));
  const rows = ({ start, size, entrySize }) => table(bytes, start, entrySize, size / entrySize);
  const of = (type) => sections.filter((section) => section.type === type).map((section) => {
    const names = sections[section.link];
    return { section, text: (at) => textAt(bytes, names.start + at) };
  });
  const symbols = of(SECTION.dynamicSymbols).flatMap(({ section, text }) => rows(section)
    // A defined symbol has a section; the first is none.
    .map((entry) => ({ name: text(entry.readUInt32LE(0)), isDefined: entry.readUInt16LE(6) !== 0 })).slice(1));
  const interpreter = segments.find((entry) => entry.readUInt32LE(0) === SEGMENT.interpreter);
  const cpu = MACHINES[bytes.readUInt16LE(0x12)];
  return {
    cpu,
    interpreter: interpreter && textAt(bytes, offset(interpreter, 8)),
    libraries: of(SECTION.dynamic).flatMap(({ section, text }) => rows(section)
      .filter((entry) => offset(entry, 0) === DYNAMIC.needed).map((entry) => text(offset(entry, 8)))),
    versions: of(SECTION.versionsNeeded).flatMap(({ section, text }) => versions(bytes, section).map(text)),
    exports: symbols.filter(({ isDefined }) => isDefined).map(({ name }) => name),
    imports: symbols.filter(({ isDefined }) => !isDefined).map(({ name }) => name),
    emptyInitialisers: initialisers().filter(isEmpty).length,
  };

  /** Their addresses, which the dynamic loader puts in place. */
  function initialisers() {
    const places = sections.filter(({ type }) => type === SECTION.initialisers);
    const isInitialiser = (address) => places.some((place) => address >= place.address && address < place.address + place.size);
    return of(SECTION.relocations).flatMap(({ section }) => rows(section))
      .filter((entry) => entry.readBigUInt64LE(8) === RELATIVE[cpu] && isInitialiser(offset(entry, 0))).map((entry) => offset(entry, 16));
  }

  function isEmpty(address) {
    const segment = segments.find((entry) => entry.readUInt32LE(0) === SEGMENT.loaded
      && address >= offset(entry, 16) && address < offset(entry, 16) + offset(entry, 32));
    const start = offset(segment, 8) + address - offset(segment, 16);
    return NOTHING[cpu].some((code) => bytes.toString('hex', start, start + code.length / 2) === code);
  }
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
