/**
 * Records, in order, all that a process does to the files below one directory: loaded by LD_PRELOAD,
 * it stands in front of the C library. One operation at a time is carried out and written down, so
 * that the order of the records is the order of the operations. Files that end in -lock are left
 * out (LMDB's reader tables: shared memory, made anew by the first who opens them). Writes to the
 * file `marks` become marks. What it sees but cannot describe is recorded by name, for the reader to
 * refuse.
 *
 * Record: byte kind, byte flags, two bytes length of the path, eight bytes each: inode, offset,
 * length of the data; then the path relative to the directory, then the data. Little-endian.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPEN = 1, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, MKDIR, LINK, RMDIR, MARK, UNKNOWN };
enum flag { CREATED = 1, EMPTIED = 2, SYNCED = 4, DIRECTORY = 8 };

#define FD_LIMIT 4096

struct tracked {
  int is_used, is_mark, is_synced, is_directory;
  uint64_t inode;
};

static struct tracked files[FD_LIMIT];
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static const char *top;
static size_t top_length;
static int record_fd = -1;

#define REAL(name, ...) \
  ({ \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
    real(__VA_ARGS__); \
  })

static void give_up(const char *why) {
  dprintf(2, "recorder: %s\n", why);
  _exit(99);
}

__attribute__((constructor)) static void begin(void) {
  const char *record = getenv("NATSKEEPER_RECORD");
  top = getenv("NATSKEEPER_RECORDED");
  if (!record || !top) return;
  top_length = strlen(top);
  record_fd = REAL(open, record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (record_fd < 0) give_up("cannot make the record");
}

/** Path below the directory, or NULL. `.` is the directory itself. */
static const char *below(const char *path) {
  if (record_fd < 0 || !path || strncmp(path, top, top_length) != 0) return NULL;
  const char *rest = path + top_length;
  if (*rest == 0) return ".";
  if (*rest != '/') return NULL;
  size_t length = strlen(rest);
  if (length >= 5 && strcmp(rest + length - 5, "-lock") == 0) return NULL;
  return rest + 1;
}

static void put(const void *bytes, size_t length) {
  for (const char *at = bytes; length > 0;) {
    ssize_t count = REAL(write, record_fd, at, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) give_up("cannot write the record");
    at += count;
    length -= count;
  }
}

static void record(int kind, int flags, const char *path, uint64_t inode, uint64_t offset,
                   const void *data, uint64_t length) {
  unsigned char head[28] = {kind, flags};
  uint16_t path_length = path ? strlen(path) : 0;
  memcpy(head + 2, &path_length, 2);
  memcpy(head + 4, &inode, 8);
  memcpy(head + 12, &offset, 8);
  memcpy(head + 20, &length, 8);
  int saved = errno;
  put(head, sizeof head);
  put(path, path_length);
  if (data) put(data, length);
  errno = saved;
}

static void unknown(const char *name, const char *path) {
  record(UNKNOWN, 0, path, 0, 0, name, strlen(name));
}

static struct tracked *file_of(int fd) {
  return fd >= 0 && fd < FD_LIMIT && files[fd].is_used ? &files[fd] : NULL;
}

static int note_open(int fd, const char *path, int flags, int existed) {
  if (fd < 0) return fd;
  if (fd >= FD_LIMIT) give_up("too many open files");
  struct stat stat;
  if (fstat(fd, &stat) < 0) give_up("cannot look at an open file");
  files[fd] = (struct tracked){
      .is_used = 1,
      .is_mark = strcmp(path, "marks") == 0,
      .is_synced = (flags & (O_DSYNC | O_SYNC)) != 0,
      .is_directory = S_ISDIR(stat.st_mode),
      .inode = stat.st_ino,
  };
  int told = (existed ? 0 : CREATED) | (flags & O_TRUNC ? EMPTIED : 0);
  if (files[fd].is_directory) told |= DIRECTORY;
  if (!files[fd].is_mark) record(OPEN, told, path, stat.st_ino, 0, NULL, 0);
  return fd;
}

#define OPEN_LIKE(call, path) \
  const char *rest = below(path); \
  mode_t mode = 0; \
  if (flags & (O_CREAT | O_TMPFILE)) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  } \
  if (!rest) return call; \
  pthread_mutex_lock(&order); \
  int existed = REAL(access, path, F_OK) == 0; \
  int fd = note_open(call, rest, flags, existed); \
  pthread_mutex_unlock(&order); \
  return fd;

int open(const char *path, int flags, ...) { OPEN_LIKE(REAL(open, path, flags, mode), path) }
int open64(const char *path, int flags, ...) { OPEN_LIKE(REAL(open64, path, flags, mode), path) }
int openat(int at, const char *path, int flags, ...) {
  OPEN_LIKE(REAL(openat, at, path, flags, mode), path)
}
int openat64(int at, const char *path, int flags, ...) {
  OPEN_LIKE(REAL(openat64, at, path, flags, mode), path)
}

int close(int fd) {
  if (fd == record_fd && fd >= 0) return 0;
  pthread_mutex_lock(&order);
  if (file_of(fd)) files[fd].is_used = 0;
  int result = REAL(close, fd);
  pthread_mutex_unlock(&order);
  return result;
}

static void note_write(struct tracked *file, off_t offset, const void *data, ssize_t count) {
  if (count <= 0) return;
  if (file->is_mark) record(MARK, 0, NULL, 0, 0, data, count);
  else record(WRITE, file->is_synced ? SYNCED : 0, NULL, file->inode, offset, data, count);
}

/** The bytes that a vector of buffers holds, one behind the other. */
static char *gather(const struct iovec *parts, int count, size_t length) {
  char *bytes = malloc(length + 1), *at = bytes;
  for (int i = 0; i < count && length > 0; i++) {
    size_t part = parts[i].iov_len < length ? parts[i].iov_len : length;
    memcpy(at, parts[i].iov_base, part);
    at += part;
    length -= part;
  }
  return bytes;
}

#define WRITE_LIKE(call, fd, where, parts, part_count) \
  struct tracked *file = file_of(fd); \
  if (!file) return call; \
  pthread_mutex_lock(&order); \
  off_t offset = where; \
  ssize_t written = call; \
  if (written > 0) { \
    char *bytes = gather(parts, part_count, written); \
    note_write(file, offset, bytes, written); \
    free(bytes); \
  } \
  pthread_mutex_unlock(&order); \
  return written;

/** Where the next write without an offset goes. */
static off_t position(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
}

ssize_t write(int fd, const void *data, size_t length) {
  struct iovec part = {(void *)data, length};
  WRITE_LIKE(REAL(write, fd, data, length), fd, position(fd), &part, 1)
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
  struct iovec part = {(void *)data, length};
  WRITE_LIKE(REAL(pwrite, fd, data, length, at), fd, at, &part, 1)
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
  struct iovec part = {(void *)data, length};
  WRITE_LIKE(REAL(pwrite64, fd, data, length, at), fd, at, &part, 1)
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITE_LIKE(REAL(writev, fd, parts, count), fd, position(fd), parts, count)
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  WRITE_LIKE(REAL(pwritev, fd, parts, count, at), fd, at, parts, count)
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  WRITE_LIKE(REAL(pwritev64, fd, parts, count, at), fd, at, parts, count)
}

/** `told` is the record of a call on a tracked file that went well. */
#define FILE_LIKE(type, call, fd, told) \
  struct tracked *file = file_of(fd); \
  if (!file) return call; \
  pthread_mutex_lock(&order); \
  type result = call; \
  if (result >= 0) { told; } \
  pthread_mutex_unlock(&order); \
  return result;

#define SYNC_RECORD record(SYNC, file->is_directory ? DIRECTORY : 0, NULL, file->inode, 0, NULL, 0)
#define SIZE_RECORD record(TRUNCATE, 0, NULL, file->inode, size, NULL, 0)

int fsync(int fd) { FILE_LIKE(int, REAL(fsync, fd), fd, SYNC_RECORD) }
int fdatasync(int fd) { FILE_LIKE(int, REAL(fdatasync, fd), fd, SYNC_RECORD) }
int ftruncate(int fd, off_t size) {
  FILE_LIKE(int, REAL(ftruncate, fd, size), fd, SIZE_RECORD)
}
int ftruncate64(int fd, off64_t size) {
  FILE_LIKE(int, REAL(ftruncate64, fd, size), fd, SIZE_RECORD)
}
int fallocate(int fd, int mode, off_t at, off_t length) {
  FILE_LIKE(int, REAL(fallocate, fd, mode, at, length), fd, unknown("fallocate", NULL))
}
int fallocate64(int fd, int mode, off64_t at, off64_t length) {
  FILE_LIKE(int, REAL(fallocate64, fd, mode, at, length), fd, unknown("fallocate", NULL))
}
int posix_fallocate(int fd, off_t at, off_t length) {
  FILE_LIKE(int, REAL(posix_fallocate, fd, at, length), fd, unknown("posix_fallocate", NULL))
}
int sync_file_range(int fd, off64_t at, off64_t length, unsigned flags) {
  FILE_LIKE(int, REAL(sync_file_range, fd, at, length, flags), fd, unknown("sync_file_range", NULL))
}
ssize_t sendfile64(int fd, int from, off64_t *at, size_t length) {
  FILE_LIKE(ssize_t, REAL(sendfile64, fd, from, at, length), fd, unknown("sendfile", NULL))
}
ssize_t copy_file_range(int in, off64_t *from, int fd, off64_t *to, size_t length, unsigned flags) {
  FILE_LIKE(ssize_t, REAL(copy_file_range, in, from, fd, to, length, flags), fd,
            unknown("copy_file_range", NULL))
}

#define IS_WRITTEN_MAP(protection, flags) (((protection) & PROT_WRITE) && ((flags) & MAP_SHARED))

static void note_map(int fd, int protection, int flags) {
  if (!file_of(fd) || !IS_WRITTEN_MAP(protection, flags)) return;
  pthread_mutex_lock(&order);
  unknown("mmap for writing", NULL);
  pthread_mutex_unlock(&order);
}
void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
  note_map(fd, protection, flags);
  return REAL(mmap, at, length, protection, flags, fd, offset);
}
void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t offset) {
  note_map(fd, protection, flags);
  return REAL(mmap64, at, length, protection, flags, fd, offset);
}

/** A change of directory entries; `second` is where to, for those that have two paths. */
#define PATH_LIKE(call, kind, path, second) \
  const char *rest = below(path), *other = second; \
  if (!rest) return call; \
  pthread_mutex_lock(&order); \
  int result = call; \
  if (result == 0) record(kind, 0, rest, 0, 0, other, other ? strlen(other) : 0); \
  pthread_mutex_unlock(&order); \
  return result;

int rename(const char *from, const char *to) {
  PATH_LIKE(REAL(rename, from, to), RENAME, from, below(to))
}
int renameat(int a, const char *from, int b, const char *to) {
  PATH_LIKE(REAL(renameat, a, from, b, to), RENAME, from, below(to))
}
int link(const char *from, const char *to) { PATH_LIKE(REAL(link, from, to), LINK, from, below(to)) }
int unlink(const char *path) { PATH_LIKE(REAL(unlink, path), UNLINK, path, NULL) }
int unlinkat(int at, const char *path, int flags) {
  PATH_LIKE(REAL(unlinkat, at, path, flags), UNLINK, path, NULL)
}
int rmdir(const char *path) { PATH_LIKE(REAL(rmdir, path), RMDIR, path, NULL) }
int remove(const char *path) { PATH_LIKE(REAL(remove, path), UNLINK, path, NULL) }
int mkdir(const char *path, mode_t mode) { PATH_LIKE(REAL(mkdir, path, mode), MKDIR, path, NULL) }
int truncate(const char *path, off_t size) {
  PATH_LIKE(REAL(truncate, path, size), UNKNOWN, path, "truncate")
}
int truncate64(const char *path, off64_t size) {
  PATH_LIKE(REAL(truncate64, path, size), UNKNOWN, path, "truncate")
}
int symlink(const char *to, const char *path) {
  PATH_LIKE(REAL(symlink, to, path), UNKNOWN, path, "symlink")
}
