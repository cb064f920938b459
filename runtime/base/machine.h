/* What this process may use of the machine: memory and processors, where the machine, a container
 * or a service sets the limit (Linux: cgroup-v2.rst and cgroup-v1/ of its administration guide, and
 * proc.rst).
 *
 * `root` is a folder in front of every path that is read: "" for this machine; for tests a folder
 * that has proc/meminfo, proc/self/cgroup, proc/self/mountinfo and the files of the cgroups. What
 * is not there, or cannot be read, limits nothing. */
#ifndef RUNTIME_BASE_MACHINE_H
#define RUNTIME_BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that can still be taken without swapping: the smallest of MemAvailable and of what the
 * process's cgroups of version 1 and 2, from its own up to the highest one visible, have left below
 * their limits. Page cache that can be given back counts as left. UINT64_MAX if nothing is known.
 * Costs some 10 small reads per level, and memory for one line of them. */
uint64_t machine_memory(const char *root);

/* Whole processors (at least 1) that the CPU quotas of the same cgroups allow, rounded down, so
 * that nothing is stopped in the middle of a step; UINT32_MAX without a quota. */
uint32_t machine_processors(const char *root);

/* The number behind `key` at the start of a line of a small file, or `otherwise`. Allocates
 * nothing. */
uint64_t machine_field(const char *path, const char *key, uint64_t otherwise);

/* The text behind `key` at the start of a line of a small file, up to the line's end, without
 * blanks and colons around it; of the first line where `key` is "". Its first bytes where `room`
 * is too small. False if there is no such line or nothing behind; errno is 0, or why the file
 * cannot be read. Allocates nothing. */
bool machine_text(const char *path, const char *key, char *text, size_t room);

#endif
