// What the addon for Linux shares with the C library besides the names of functions: structures and numbers. They are compiled
// into it as they are in glibc; here musl's headers and glibc's are both held to them, on both processors.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifdef __x86_64__
#define ON(x86_64, aarch64) (x86_64)
#else
#define ON(x86_64, aarch64) (aarch64)
#endif
#define IS(what, value) _Static_assert((what) == (value), #what)
#define SIZE(type, value) IS(sizeof(type), value)
#define AT(type, field, value) IS(offsetof(type, field), value)

SIZE(struct stat, ON(144, 128));
AT(struct stat, st_dev, 0);
AT(struct stat, st_ino, 8);
AT(struct stat, st_nlink, ON(16, 20));
AT(struct stat, st_mode, ON(24, 16));
AT(struct stat, st_uid, ON(28, 24));
AT(struct stat, st_gid, ON(32, 28));
AT(struct stat, st_rdev, ON(40, 32));
AT(struct stat, st_size, 48);
AT(struct stat, st_blksize, 56);
AT(struct stat, st_blocks, 64);
AT(struct stat, st_atim, 72);
AT(struct stat, st_mtim, 88);
AT(struct stat, st_ctim, 104);

SIZE(struct statx, 256);
AT(struct statx, stx_mode, 28);
AT(struct statx, stx_ino, 32);
AT(struct statx, stx_size, 40);
AT(struct statx, stx_atime, 64);
AT(struct statx, stx_btime, 80);
AT(struct statx, stx_mtime, 112);
AT(struct statx, stx_dev_major, 136);

AT(struct dirent, d_ino, 0);
AT(struct dirent, d_reclen, 16);
AT(struct dirent, d_type, 18);
AT(struct dirent, d_name, 19);

SIZE(struct passwd, 48);
AT(struct passwd, pw_name, 0);
AT(struct passwd, pw_uid, 16);
AT(struct passwd, pw_gid, 20);
AT(struct passwd, pw_dir, 32);

SIZE(struct timespec, 16);
SIZE(struct iovec, 16);
SIZE(struct pollfd, 8);
SIZE(struct epoll_event, ON(12, 16));
AT(struct epoll_event, data, ON(4, 8));
SIZE(cpu_set_t, 128);

SIZE(Dl_info, 32);
SIZE(struct dl_phdr_info, 64);
AT(struct dl_phdr_info, dlpi_phdr, 16);
AT(struct dl_phdr_info, dlpi_phnum, 24);

// Of these the addon only has the memory, at glibc's size, and zeros where they are used without a call that makes them.
_Static_assert(sizeof(pthread_attr_t) <= ON(56, 64), "pthread_attr_t");
_Static_assert(sizeof(pthread_rwlock_t) <= 56, "pthread_rwlock_t");
SIZE(pthread_t, 8);
SIZE(pthread_key_t, 4);

IS(_SC_PAGESIZE, 30);
IS(_SC_GETPW_R_SIZE_MAX, 70);
IS(_SC_NPROCESSORS_ONLN, 84);

IS(O_CREAT, 0100);
IS(O_EXCL, 0200);
IS(O_NOCTTY, 0400);
IS(O_TRUNC, 01000);
IS(O_APPEND, 02000);
IS(O_NONBLOCK, 04000);
IS(O_DIRECTORY, ON(0200000, 040000));
IS(O_NOFOLLOW, ON(0400000, 0100000));
IS(O_CLOEXEC, 02000000);
IS(AT_FDCWD, -100);
IS(AT_SYMLINK_NOFOLLOW, 0x100);
IS(AT_REMOVEDIR, 0x200);
IS(AT_EMPTY_PATH, 0x1000);
IS(STATX_BASIC_STATS | STATX_BTIME, 0xfff);
IS(SEEK_CUR, 1);
IS(SEEK_END, 2);
IS(F_SETFD, 2);
IS(F_GETFL, 3);
IS(F_SETFL, 4);
IS(F_DUPFD_CLOEXEC, 1030);
IS(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE, 7);
IS(GRND_NONBLOCK, 1);

IS(CLOCK_REALTIME, 0);
IS(CLOCK_MONOTONIC, 1);
IS(TIMER_ABSTIME, 1);
IS(RTLD_LAZY, 1);
IS(RTLD_NOW, 2);
IS(RTLD_LOCAL, 0);
IS(RTLD_GLOBAL, 0x100);

IS(AF_UNIX, 1);
IS(SOCK_STREAM, 1);
IS(SOCK_SEQPACKET, 5);
IS(SOCK_CLOEXEC, 02000000);
IS(SOCK_NONBLOCK, 04000);
IS(EPOLL_CLOEXEC, 02000000);
IS(EPOLL_CTL_ADD, 1);
IS(EPOLL_CTL_DEL, 2);
IS(EPOLL_CTL_MOD, 3);
IS(EPOLLRDHUP, 0x2000);
IS(EPOLLET, 1u << 31);
IS(EFD_CLOEXEC, 02000000);
IS(EFD_NONBLOCK, 04000);
IS(POLLIN | POLLPRI | POLLOUT | POLLERR | POLLHUP | POLLNVAL, 0x3f);
IS(SIGCHLD, 17);
IS(CLONE_VM | CLONE_VFORK, 0x4100);

IS(EAGAIN, 11);
IS(EDEADLK, 35);
IS(ENAMETOOLONG, 36);
IS(ENOSYS, 38);
IS(ENOTEMPTY, 39);
IS(ELOOP, 40);
IS(ENOTSUP, 95);
IS(EOPNOTSUPP, 95);
IS(ETIMEDOUT, 110);
IS(ESTALE, 116);
IS(EDQUOT, 122);
IS(ECANCELED, 125);
