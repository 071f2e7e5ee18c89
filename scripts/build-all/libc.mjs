// One addon for Linux loads under glibc and under musl. It is linked with glibc; musl's loader takes `libc.so.6` and the like
// for itself, pays no heed to versions of symbols, and finds an old name such as `open64` under its new one. So what
// the addon asks of the C library must be there in both, and mean the same by structures and numbers. `libc.c` holds
// the headers of both to those; this is the list of functions, each of which was looked at. Another one that a
// dependency or a compiler brings is looked at before it is added.
import path from 'node:path';
import { root, run } from '../build.mjs';
import { CACHE } from './toolchain.mjs';

/** The libraries that musl takes for itself, as glibc names them. */
export const BOTH_HAVE = /^lib(c\.so\.6|m\.so\.6|pthread\.so\.0|dl\.so\.2|rt\.so\.1)$/;

const FUNCTIONS = new Set([
  // Memory, texts and numbers.
  'abort bcmp calloc free log2 malloc memcmp memcpy memmove memset posix_memalign pow realloc strlen',
  // Of `FILE` only the pointer is known; it is written to before a program is ended for a broken stack.
  'fflush fprintf fwrite snprintf stderr',
  // Files by path or descriptor: flags, structures and error numbers are the kernel's.
  'close copy_file_range dup2 fcntl fdatasync fsync ftruncate64 getcwd isatty lseek64 mkdir open open64 openat64 pipe2 read readlink',
  'realpath sendfile64 splice unlink unlinkat write writev',
  // The first argument of the old four is a version, which is the only one on these processors.
  '__fxstat64 __fxstatat64 __lxstat64 __xstat64 statx',
  // Of `DIR` only the pointer is known.
  'closedir dirfd fdopendir opendir readdir64',
  // Waiting.
  'clock_gettime clock_nanosleep epoll_create1 epoll_ctl epoll_wait eventfd pause poll socketpair',
  // The process and its system: no key of `sysconf` differs that is used.
  'clone environ execve getauxval getenv geteuid getpid getpwuid_r getrandom gettid getuid sched_getaffinity syscall sysconf',
  // Threads: what the addon has of them is at least as large as either needs.
  'pthread_attr_destroy pthread_attr_init pthread_attr_setstacksize pthread_create pthread_detach pthread_join pthread_key_create',
  'pthread_key_delete pthread_rwlock_rdlock pthread_rwlock_unlock pthread_rwlock_wrlock pthread_self pthread_setname_np pthread_setspecific',
  // Weak, and not in musl: Rust then keeps what a thread has to drop under a key.
  '__cxa_thread_atexit_impl',
  // The dynamic loader, and messages.
  '__errno_location __tls_get_addr __xpg_strerror_r dl_iterate_phdr dladdr dlclose dlerror dlopen dlsym',
].join(' ').split(' '));

/** Those of a list of functions that aren't known to be the same in both. */
export function unknownFunctions(names) {
  return names.filter((name) => !FUNCTIONS.has(name));
}

/** Ends this process where a structure or a number differs. */
export function checkHeaders() {
  for (const target of ['x86_64-linux-gnu.2.28', 'x86_64-linux-musl', 'aarch64-linux-gnu.2.28', 'aarch64-linux-musl']) {
    run(path.join(CACHE, 'venv', 'bin', 'python'), [
      '-m', 'ziglang', 'cc', '-target', target, '-c', path.join(root, 'scripts', 'build-all', 'libc.c'), '-o', path.join(CACHE, 'libc.o')]);
  }
}
