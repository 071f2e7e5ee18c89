// What a built file must be before it is packed.
import { readFileSync } from 'node:fs';
import { readElf } from './elf.mjs';
import { BOTH_HAVE, unknownFunctions } from './libc.mjs';
import { readMachO } from './mach-o.mjs';
import { readPe } from './pe.mjs';

const ENTRY = 'napi_register_module_v1';
/** Bytes of an addon. */
const BUDGET = 3_000_000;

/** Returns the file's size, and all that is wrong with it, in words. */
export function check(row, file) {
  const bytes = readFileSync(file);
  const problems = [];
  const demand = (holds, problem) => holds || problems.push(problem);
  if (row.kind === 'addon') demand(bytes.length <= BUDGET, `${bytes.length} bytes are over the budget of ${BUDGET}`);
  try {
    CHECKS[row.platform.split('-')[0]](row, bytes, demand);
  } catch (error) {
    problems.push(`it can't be read: ${error.message}`);
  }
  return { bytes: bytes.length, problems };
}

const CHECKS = {
  linux(row, bytes, demand) {
    const elf = readElf(bytes);
    demand(elf.cpu === row.cpu, `it is for ${elf.cpu}`);
    if (row.kind === 'launcher') {
      demand(elf.interpreter === undefined && elf.libraries.length === 0, `it is not static: ${[elf.interpreter, ...elf.libraries].join(', ')}`);
      return;
    }
    demand(elf.exports.includes(ENTRY), `it doesn't export ${ENTRY}`);
    const newer = elf.versions.filter((version) => isNewer(version, row.glibc));
    demand(newer.length === 0, `it needs ${newer.join(', ')}`);
    const strange = elf.libraries.filter((library) => !BOTH_HAVE.test(library));
    demand(strange.length === 0, `it needs ${strange.join(', ')}`);
    const unknown = unknownFunctions(elf.imports);
    demand(unknown.length === 0, `it calls ${unknown.join(', ')}, not known to be the same in glibc and musl`);
    // glibc gives Rust's initialiser the arguments of the program, musl gives it nothing. Where no code asks for them, the
    // compiler leaves nothing of it but its return.
    demand(elf.emptyInitialisers === 1, 'it asks for the arguments of the program, which musl does not give it');
  },

  darwin(row, bytes, demand) {
    const { cpu, minimum, exports, signature } = readMachO(bytes);
    demand(cpu === row.cpu, `it is for ${cpu}`);
    demand(exports.includes(`_${ENTRY}`), `it doesn't export ${ENTRY}`);
    demand(minimum === '11.0', `it is for macOS ${minimum}`);
    // Apple silicon runs nothing without one.
    demand(row.cpu === 'x86_64' ? signature !== 'broken' : signature === 'ad hoc', `its signature is: ${signature}`);
  },

  win32(row, bytes, demand) {
    const { cpu, exports, libraries } = readPe(bytes);
    demand(cpu === row.cpu, `it is for ${cpu}`);
    demand(exports.includes(ENTRY), `it doesn't export ${ENTRY}`);
    // What a compiler brings, users don't have.
    const strange = libraries.filter((library) => /unwind|gcc|winpthread|libnode/i.test(library));
    demand(strange.length === 0, `it needs ${strange.join(', ')}`);
  },
};

/** Whether a symbol version as `GLIBC_2.34` is later than a version as `2.28`. */
function isNewer(version, limit) {
  const [, major, minor] = /^GLIBC_(\d+)\.(\d+)/.exec(version) ?? [];
  const [majorLimit, minorLimit] = limit.split('.').map(Number);
  return Number(major) > majorLimit || (Number(major) === majorLimit && Number(minor) > minorLimit);
}
