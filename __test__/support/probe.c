// What the specs do inside a sandbox and can't do with a shell. Prints 0 or the number of the error.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int report(int failed) {
    printf("%d\n", failed ? errno : 0);
    return 0;
}

// call NUMBER [ARGUMENT]...: one system call. An argument is a number, `s:TEXT` a string, `buffer` zeroed memory.
static int call(int count, char **words) {
    static char buffers[6][4096];
    long arguments[6] = {0};
    long number = strtol(words[0], NULL, 0);
    for (int index = 0; index < 6 && index + 1 < count; index++) {
        char *word = words[index + 1];
        if (strncmp(word, "s:", 2) == 0) arguments[index] = (long)(word + 2);
        else if (strcmp(word, "buffer") == 0) arguments[index] = (long)buffers[index];
        else arguments[index] = (long)strtoull(word, NULL, 0);
    }
    pid_t before = getpid();
    long result = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
    int error = errno;
    // A process that the call made has nothing to say.
    if ((number == SYS_clone || number == SYS_clone3) && result == 0 && syscall(SYS_getpid) != before) _exit(0);
    errno = error;
    return report(result == -1);
}

static struct addrinfo *address(char **words, int type) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = type}, *found;
    if (getaddrinfo(words[0], words[1], &hints, &found) != 0) {
        fprintf(stderr, "not an address: %s %s\n", words[0], words[1]);
        exit(2);
    }
    return found;
}

// tcp ADDRESS PORT: connects and says a word.
static int tcp(char **words) {
    struct addrinfo *to = address(words, SOCK_STREAM);
    int one = socket(to->ai_family, SOCK_STREAM, 0);
    if (one < 0) return report(1);
    if (connect(one, to->ai_addr, to->ai_addrlen) != 0) return report(1);
    return report(write(one, "hello", 5) != 5);
}

// udp ADDRESS PORT: sends a word.
static int udp(char **words) {
    struct addrinfo *to = address(words, SOCK_DGRAM);
    int one = socket(to->ai_family, SOCK_DGRAM, 0);
    if (one < 0) return report(1);
    return report(sendto(one, "hello", 5, 0, to->ai_addr, to->ai_addrlen) != 5);
}

// abstract NAME: connects to an abstract unix socket.
static int abstract(char **words) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path + 1, words[0], sizeof to.sun_path - 2);
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    if (one < 0) return report(1);
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(words[0]);
    return report(connect(one, (struct sockaddr *)&to, length) != 0);
}

// unix PATH: connects to a unix socket by its path and says a word.
static int unix_stream(char **words) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, words[0], sizeof to.sun_path - 1);
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    if (one < 0 || connect(one, (struct sockaddr *)&to, sizeof to) != 0) return report(1);
    return report(write(one, "hello", 5) != 5);
}

// unix-datagram PATH: sends a word to a unix socket by its path.
static int unix_datagram(char **words) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, words[0], sizeof to.sun_path - 1);
    int one = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (one < 0) return report(1);
    return report(sendto(one, "hello", 5, 0, (struct sockaddr *)&to, sizeof to) != 5);
}

// unix-pair PATH: the same from one end of a pair, which is made without a name and can send to any.
static int unix_pair(char **words) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, words[0], sizeof to.sun_path - 1);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return report(1);
    return report(sendto(pair[0], "hello", 5, 0, (struct sockaddr *)&to, sizeof to) != 5);
}

// serve-unix PATH datagram|stream: says when it is there, and prints what it is told, again and again.
static int serve_unix(char **words) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strncpy(at.sun_path, words[0], sizeof at.sun_path - 1);
    int datagrams = strcmp(words[1], "datagram") == 0;
    int one = socket(AF_UNIX, datagrams ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (one < 0 || bind(one, (struct sockaddr *)&at, sizeof at) != 0 || (!datagrams && listen(one, 8) != 0)) return report(1);
    alarm(120);
    puts("ready");
    fflush(stdout);
    for (;;) {
        char word[16] = {0};
        int other = datagrams ? one : accept(one, NULL, NULL);
        if (other < 0 || read(other, word, sizeof word - 1) < 0) return report(1);
        if (other != one) close(other);
        puts(word);
        fflush(stdout);
    }
}

// serve-abstract NAME: says when it listens, and when somebody has come.
static int serve_abstract(char **words) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strncpy(at.sun_path + 1, words[0], sizeof at.sun_path - 2);
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(words[0]);
    if (one < 0 || bind(one, (struct sockaddr *)&at, length) != 0 || listen(one, 8) != 0) return report(1);
    alarm(120);
    puts("ready");
    fflush(stdout);
    if (accept(one, NULL, NULL) < 0) return report(1);
    puts("seen");
    return 0;
}

// serve ADDRESS PORT: takes one connection and prints what it is told.
static int serve(char **words) {
    struct addrinfo *at = address(words, SOCK_STREAM);
    int one = socket(at->ai_family, SOCK_STREAM, 0), yes = 1;
    setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (one < 0 || bind(one, at->ai_addr, at->ai_addrlen) != 0 || listen(one, 8) != 0) return report(1);
    int other = accept(one, NULL, NULL);
    char word[16] = {0};
    if (other < 0 || read(other, word, sizeof word - 1) < 0) return report(1);
    puts(word);
    return 0;
}

// peek PID: reads a byte of the memory of a process. The permission is asked for before the address is looked at.
static int peek(char **words) {
    static char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    return report(process_vm_readv(atoi(words[0]), &here, 1, &there, 1, 0) == -1);
}

// int80 NUMBER: a system call by the 32-bit entry.
static int int80(char **words) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(strtol(words[0], NULL, 0)), "b"(0), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
    printf("done %ld\n", result);
    return 0;
}

// eat MIB: takes so much memory and uses it.
static int eat(char **words) {
    for (long mib = atol(words[0]); mib > 0; mib--) {
        char *piece = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (piece == MAP_FAILED) return report(1);
        memset(piece, 1, 1 << 20);
    }
    return report(0);
}

// forks COUNT: starts so many processes that stay; says how many there were, and the first error.
static int forks(char **words) {
    int wanted = atoi(words[0]), made = 0, error = 0;
    pid_t *children = calloc(wanted, sizeof *children);
    while (made < wanted) {
        pid_t child = fork();
        if (child == 0) pause();
        if (child < 0) {
            error = errno;
            break;
        }
        children[made++] = child;
    }
    for (int index = 0; index < made; index++) kill(children[index], SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR) {}
    printf("%d %d\n", made, error);
    return 0;
}

// open COUNT: opens a file so often; says how often it could, and the first error.
static int open_files(char **words) {
    int wanted = atoi(words[0]), made = 0;
    while (made < wanted && open("/dev/null", O_RDONLY) >= 0) made++;
    printf("%d %d\n", made, made < wanted ? errno : 0);
    return 0;
}

// exchange A B: swaps two names again and again, for two seconds.
static int exchange(char **words) {
    for (time_t end = time(NULL) + 2; time(NULL) < end;)
        for (int round = 0; round < 1000; round++) syscall(SYS_renameat2, AT_FDCWD, words[0], AT_FDCWD, words[1], 2);
    return report(0);
}

// set-flags FILE: makes a file undeletable in the future, as chattr does; the descriptor need not be open for writing.
static int set_flags(char **words) {
    int flags = FS_NODUMP_FL, one = open(words[0], O_RDONLY);
    return report(one < 0 || ioctl(one, FS_IOC_SETFLAGS, &flags) != 0);
}

// pty: a terminal of its own, with a program on it.
static int pty(void) {
    int ours = posix_openpt(O_RDWR | O_NOCTTY);
    if (ours < 0 || grantpt(ours) != 0 || unlockpt(ours) != 0) return report(1);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        int theirs = open(ptsname(ours), O_RDWR);
        _exit(theirs < 0 || !isatty(theirs) || ioctl(theirs, TIOCSCTTY, 0) != 0 || write(theirs, "x", 1) != 1);
    }
    char byte = 0;
    int status = -1;
    if (read(ours, &byte, 1) != 1 || waitpid(child, &status, 0) != child) return report(1);
    errno = EPROTO;
    return report(byte != 'x' || status != 0);
}

// trace: a debugger and its program.
static int trace(void) {
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        _exit(7);
    }
    int status;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return report(1);
    errno = 0;
    long word = ptrace(PTRACE_PEEKDATA, child, (void *)&trace, 0);
    if (errno != 0 || memcmp(&word, (void *)&trace, sizeof word) != 0) return report(1);
    if (ptrace(PTRACE_CONT, child, 0, 0) != 0 || waitpid(child, &status, 0) != child) return report(1);
    errno = EPROTO;
    return report(!WIFEXITED(status) || WEXITSTATUS(status) != 7);
}

// share: a named semaphore, named memory, a pair of sockets and an event counter between two processes.
static int share(void) {
    sem_t *ready = sem_open("/codex-probe", O_CREAT, 0600, 0);
    int memory = shm_open("/codex-probe", O_CREAT | O_RDWR, 0600), pair[2], event = eventfd(0, 0);
    if (ready == SEM_FAILED || memory < 0 || event < 0 || ftruncate(memory, 4096) != 0) return report(1);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return report(1);
    char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (shared == MAP_FAILED) return report(1);
    if (fork() == 0) {
        shared[0] = 'x';
        eventfd_write(event, 3);
        write(pair[1], "y", 1);
        _exit(sem_post(ready));
    }
    eventfd_t count = 0;
    char byte = 0;
    if (sem_wait(ready) != 0 || eventfd_read(event, &count) != 0 || read(pair[0], &byte, 1) != 1) return report(1);
    shm_unlink("/codex-probe");
    sem_unlink("/codex-probe");
    errno = EPROTO;
    return report(shared[0] != 'x' || count != 3 || byte != 'y');
}

// map FILE: writes through a mapping of a file.
static int map_file(char **words) {
    int one = open(words[0], O_RDWR | O_CREAT, 0600);
    if (one < 0 || ftruncate(one, 4096) != 0) return report(1);
    char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, one, 0);
    if (mapped == MAP_FAILED) return report(1);
    memcpy(mapped, "mapped", 6);
    return report(msync(mapped, 4096, MS_SYNC) != 0);
}

// watch FOLDER: notices a new file in it.
static int watch(char **words) {
    int one = inotify_init1(IN_CLOEXEC);
    if (one < 0 || inotify_add_watch(one, words[0], IN_CREATE) < 0) return report(1);
    char path[4096], event[4096];
    snprintf(path, sizeof path, "%s/watched", words[0]);
    int made = open(path, O_CREAT | O_WRONLY, 0600);
    return report(made < 0 || read(one, event, sizeof event) <= 0);
}

// lock FILE: two processes, one lock.
static int lock_file(char **words) {
    int one = open(words[0], O_RDWR | O_CREAT, 0600);
    struct flock whole = {.l_type = F_WRLCK};
    if (one < 0 || flock(one, LOCK_EX) != 0 || fcntl(one, F_SETLK, &whole) != 0) return report(1);
    pid_t child = fork();
    if (child == 0) {
        int other = open(words[0], O_RDWR);
        _exit(!(flock(other, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK && fcntl(other, F_SETLK, &whole) != 0));
    }
    int status;
    if (waitpid(child, &status, 0) != child) return report(1);
    errno = EPROTO;
    return report(status != 0);
}

// run-from-memory PROGRAM [ARGUMENT]...: runs a copy that is no file.
static int run_from_memory(char **words) {
    static char buffer[1 << 16];
    int from = open(words[0], O_RDONLY), to = memfd_create("copy", 0);
    if (from < 0 || to < 0) return report(1);
    for (ssize_t count; (count = read(from, buffer, sizeof buffer)) > 0;)
        if (write(to, buffer, count) != count) return report(1);
    fexecve(to, words, environ);
    return report(1);
}

// descriptors: the open ones.
static int descriptors(void) {
    for (int one = 0; one < 1024; one++)
        if (fcntl(one, F_GETFD) != -1) printf("%d ", one);
    puts("");
    return 0;
}

// hide-landlock COMMAND...: runs it as on a kernel without Landlock.
static int hide_landlock(char **words) {
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 444, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 446, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof instructions / sizeof *instructions, .filter = instructions};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("seccomp");
        return 2;
    }
    execvp(words[0], words);
    perror(words[0]);
    return 2;
}

int main(int count, char **words) {
    if (count < 2) return 2;
    const char *what = words[1];
    count -= 2;
    words += 2;
    if (strcmp(what, "hide-landlock") == 0 && count > 0) return hide_landlock(words);
    alarm(20);
    if (strcmp(what, "call") == 0 && count > 0) return call(count, words);
    if (strcmp(what, "tcp") == 0 && count == 2) return tcp(words);
    if (strcmp(what, "udp") == 0 && count == 2) return udp(words);
    if (strcmp(what, "abstract") == 0 && count == 1) return abstract(words);
    if (strcmp(what, "serve-abstract") == 0 && count == 1) return serve_abstract(words);
    if (strcmp(what, "unix") == 0 && count == 1) return unix_stream(words);
    if (strcmp(what, "unix-datagram") == 0 && count == 1) return unix_datagram(words);
    if (strcmp(what, "unix-pair") == 0 && count == 1) return unix_pair(words);
    if (strcmp(what, "serve-unix") == 0 && count == 2) return serve_unix(words);
    if (strcmp(what, "serve") == 0 && count == 2) return serve(words);
    if (strcmp(what, "peek") == 0 && count == 1) return peek(words);
    if (strcmp(what, "exchange") == 0 && count == 2) return exchange(words);
    if (strcmp(what, "set-flags") == 0 && count == 1) return set_flags(words);
    if (strcmp(what, "pty") == 0) return pty();
    if (strcmp(what, "trace") == 0) return trace();
    if (strcmp(what, "share") == 0) return share();
    if (strcmp(what, "map") == 0 && count == 1) return map_file(words);
    if (strcmp(what, "watch") == 0 && count == 1) return watch(words);
    if (strcmp(what, "lock") == 0 && count == 1) return lock_file(words);
    if (strcmp(what, "run-from-memory") == 0 && count > 0) return run_from_memory(words);
    if (strcmp(what, "eat") == 0 && count == 1) return eat(words);
    if (strcmp(what, "forks") == 0 && count == 1) return forks(words);
    if (strcmp(what, "open") == 0 && count == 1) return open_files(words);
    if (strcmp(what, "int80") == 0 && count == 1) return int80(words);
    if (strcmp(what, "descriptors") == 0) return descriptors();
    return 2;
}
