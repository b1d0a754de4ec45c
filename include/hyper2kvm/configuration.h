/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What is put into a Linux guest beside what makes it boot: users, services,
 * its name, its network's files.  Plain data: whoever makes it (a manifest)
 * keeps it, and it never changes.  A list that was not given is empty, a
 * text that was not given NULL.
 */
#ifndef HYPER2KVM_CONFIGURATION_H
#define HYPER2KVM_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct h2k_names {
    const char *const *items;
    size_t count;
};

/* users.create[]: made, or where the guest has it, changed in what is
 * given. */
struct h2k_configured_user {
    const char *name; /* never NULL */
    int64_t uid;      /* -1: not given */
    int64_t gid;      /* of the primary group; -1: not given */
    struct h2k_names groups;
    const char *comment;
    const char *home;
    const char *shell;
    const char *password;       /* as crypt(5) makes it */
    const char *password_plain; /* a secret: in no log, no message */
    struct h2k_names ssh_authorized_keys;
    const char *sudo; /* "ALL=(ALL) NOPASSWD: ALL", without the user's name */
    bool lock_given, lock;
};

/* hostname.hosts[] */
struct h2k_configured_host {
    const char *ip;    /* never NULL */
    const char *names; /* one or more, with blanks between; never NULL */
};

/* network.*[] */
struct h2k_configured_file {
    const char *name;    /* without a slash; never NULL */
    const char *content; /* never NULL */
};
struct h2k_configured_files {
    const struct h2k_configured_file *items;
    size_t count;
};

struct h2k_configuration {
    struct {
        const struct h2k_configured_user *create;
        size_t create_count;
        struct h2k_names disable, remove; /* `delete` is a word of C++ */
    } users;
    struct {
        struct h2k_names enable, disable, mask; /* units */
    } services;
    struct {
        const char *hostname, *domain;
        const struct h2k_configured_host *hosts;
        size_t host_count;
    } hostname;
    struct {
        struct h2k_configured_files systemd_networkd, netplan, networkmanager,
            interfaces, ifcfg;
    } network;
};

#ifdef __cplusplus
}
#endif
#endif
