/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/kernel-cmdline.h"

#include <stdio.h>
#include <string.h>

/* How a parameter's value names its device. */
enum syntax {
    WHOLE,    /* root=DEVICE, also root=block:DEVICE */
    TO_COLON, /* cryptdevice=DEVICE:NAME:OPTIONS */
    SOURCE,   /* cryptopts=target=NAME,source=DEVICE,… */
};

static const struct parameter {
    const char *name;
    enum syntax syntax;
    bool root;
} parameters[] = {
    { "root", WHOLE, true },            /* the kernel and everyone's */
    { "resume", WHOLE, false },         /* the kernel and everyone's */
    { "mount.usr", WHOLE, false },      /* systemd-fstab-generator(8) */
    { "boot", WHOLE, false },           /* dracut's fips module */
    { "real_root", WHOLE, true },       /* genkernel */
    { "real_resume", WHOLE, false },    /* genkernel */
    { "swap", WHOLE, false },           /* genkernel */
    { "rootfs", WHOLE, true },          /* several small initramfs */
    { "cryptdevice", TO_COLON, false }, /* mkinitcpio's encrypt hook */
    { "cryptopts", SOURCE, false },     /* initramfs-tools before Debian 9 */
};

/* One parameter within the command line. */
struct span {
    size_t at, end;
};

struct cmdline {
    struct h2k_rewrite *rewrite;
    const char *bytes;
    const size_t *places;
    size_t base;
    enum h2k_spec_reader reader;
    struct h2k_cmdline_roots *roots;
};

static size_t
place(const struct cmdline *line, size_t at)
{
    return line->places == NULL ? line->base + at : line->places[at];
}

static const struct parameter *
find_parameter(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if (strlen(parameters[i].name) == length &&
            memcmp(parameters[i].name, name, length) == 0)
            return &parameters[i];
    return NULL;
}

static bool
starts_with(const struct cmdline *line, struct span span, const char *prefix)
{
    size_t length = strlen(prefix);
    return span.end - span.at >= length &&
           memcmp(line->bytes + span.at, prefix, length) == 0;
}

/* The device's part of a parameter's value. */
static struct span
device_in(const struct cmdline *line, const struct parameter *parameter,
          struct span value)
{
    const char *stop;
    switch (parameter->syntax) {
    case WHOLE:
        if (starts_with(line, value, "block:"))
            value.at += strlen("block:");
        break;
    case TO_COLON:
        stop = memchr(line->bytes + value.at, ':', value.end - value.at);
        if (stop != NULL)
            value.end = (size_t)(stop - line->bytes);
        break;
    case SOURCE:
        while (value.at < value.end && !starts_with(line, value, "source=")) {
            stop = memchr(line->bytes + value.at, ',', value.end - value.at);
            value.at =
                stop == NULL ? value.end : (size_t)(stop - line->bytes) + 1;
        }
        if (value.at < value.end)
            value.at += strlen("source=");
        stop = memchr(line->bytes + value.at, ',', value.end - value.at);
        if (stop != NULL)
            value.end = (size_t)(stop - line->bytes);
        break;
    }
    return value;
}

static bool
is_unstable(const char *spec, size_t length)
{
    switch (h2k_spec_kind(spec, length)) {
    case H2K_SPEC_NAME:
    case H2K_SPEC_BY_PATH:
    case H2K_SPEC_BY_ID:
        return true;
    case H2K_SPEC_STABLE:
    case H2K_SPEC_REMOVABLE:
        break;
    }
    return false;
}

static int
rewrite_device(const struct cmdline *line, const struct parameter *parameter,
               struct span device, enum h2k_device_outcome *outcome)
{
    char what[64];
    size_t length = device.end - device.at;
    size_t first = place(line, device.at);
    if (place(line, device.end - 1) != first + length - 1) {
        *outcome = H2K_DEVICE_LOST;
        return h2k_rewrite_warn(line->rewrite, first,
                                "%s= is written with quotes or escapes inside "
                                "the device's name and stays as it is; write "
                                "it plainly",
                                parameter->name);
    }
    snprintf(what, sizeof(what), "%s= of the kernel command line",
             parameter->name);
    return h2k_rewrite_device(
        line->rewrite, first, length, line->reader, what,
        "the kernel may not find it on KVM: convert that disk too, or edit "
        "the line",
        outcome);
}

static int
rewrite_parameter(const struct cmdline *line, struct span whole)
{
    enum h2k_device_outcome outcome = H2K_DEVICE_FINE;
    /* The kernel takes a quote before a parameter's name or its value, and
     * drops the one at the end: lib/cmdline.c, next_arg(). */
    if (whole.at < whole.end && line->bytes[whole.at] == '"')
        whole.at++;
    if (whole.at < whole.end && line->bytes[whole.end - 1] == '"')
        whole.end--;
    const char *name = line->bytes + whole.at;
    const char *equals = memchr(name, '=', whole.end - whole.at);
    if (equals == NULL || equals == name)
        return 0;
    struct span device = { (size_t)(equals - line->bytes) + 1, whole.end };
    if (device.at < device.end && line->bytes[device.at] == '"')
        device.at++;

    const struct parameter *parameter =
        find_parameter(name, (size_t)(equals - name));
    if (parameter != NULL)
        device = device_in(line, parameter, device);
    if (is_unstable(line->bytes + device.at, device.end - device.at)) {
        if (parameter == NULL)
            return h2k_rewrite_warn(
                line->rewrite, place(line, whole.at),
                "the kernel parameter %.*s names a device "
                "that may be called otherwise on KVM; "
                "check it",
                (int)(equals - name < 60 ? equals - name : 60), name);
        if (rewrite_device(line, parameter, device, &outcome) < 0)
            return -1;
    }
    /* "root=$rootpartition" of GRUB: what is in the variable counts. */
    bool is_variable = device.at < device.end && line->bytes[device.at] == '$';
    if (parameter != NULL && parameter->root && !is_variable) {
        line->roots->lost += outcome == H2K_DEVICE_LOST;
        line->roots->good += outcome != H2K_DEVICE_LOST;
    }
    return 0;
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int
h2k_cmdline_rewrite(struct h2k_rewrite *rewrite, const char *bytes,
                    size_t size, const size_t *places, size_t base,
                    enum h2k_spec_reader reader,
                    struct h2k_cmdline_roots *roots)
{
    const struct cmdline line = {
        rewrite, bytes, places, base, reader, roots
    };
    for (size_t at = 0; at < size;) {
        bool quoted = false;
        while (at < size && is_space(bytes[at]))
            at++;
        struct span parameter = { at, at };
        for (; at < size && (quoted || !is_space(bytes[at])); at++)
            quoted ^= bytes[at] == '"';
        parameter.end = at;
        if (parameter.end > parameter.at &&
            rewrite_parameter(&line, parameter) < 0)
            return -1;
    }
    return 0;
}
