/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/modules.h"

#include "tap.h"

static const char dep[] =
    "kernel/drivers/virtio/virtio.ko:\n"
    "kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko\n"
    "kernel/drivers/block/virtio_blk.ko.xz: "
    "kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko\n"
    "kernel/drivers/char/hw_random/virtio-rng.ko.zst: "
    "kernel/drivers/virtio/virtio.ko\n"
    "kernel/drivers/scsi/sd_mod.ko.gz: kernel/lib/crc-t10dif.ko\n"
    "kernel/lib/crc-t10dif.ko:\n"
    "kernel/arch/x86/crypto/crct10dif-pclmul.ko:\n"
    "kernel/crypto/crct10dif_generic.ko:\n"
    "extra/a.ko: extra/b.ko\n"
    "extra/b.ko: extra/a.ko\n"
    "/lib/modules/2.6.18/kernel/old.ko: /lib/modules/2.6.18/extra/b.ko\n"
    "../../../etc/escape.ko:\n"
    "kernel//empty.ko:\n"
    "kernel/not-a-module.o:\n"
    "no colon here\n";
static const char builtin[] = "kernel/drivers/virtio/virtio_pci.ko\n"
                              "kernel/drivers/scsi/scsi-mod.ko\n";
static const char softdep[] = "# soft\n"
                              "softdep crc_t10dif pre: crct10dif post: b\n"
                              "softdep virtio_blk pre: nothing\n";
static const char alias[] = "alias crct10dif crct10dif_pclmul\n"
                            "alias crct10dif crct10dif_generic\n"
                            "alias crct* sd_mod\n"
                            "alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci\n";

static struct h2k_view
view(const char *text)
{
    return h2k_view_of(text, strlen(text));
}

static struct h2k_modules *
parse(void)
{
    return h2k_modules_parse(view(dep), view(builtin), view(softdep),
                             view(alias));
}

static bool
has(const struct h2k_module_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->items[i]->name, name) == 0)
            return true;
    return false;
}

static void
test_names(void)
{
    char name[H2K_MODULE_NAME];
    const char *path = "kernel/drivers/char/virtio-rng.ko.zst";
    ok(h2k_module_name_of(path, strlen(path), name), "a compressed module");
    ok_string(name, "virtio_rng");
    ok(!h2k_module_name_of("a/modules.dep", 13, name), "an index is none");
    ok(!h2k_module_name_of(".ko", 3, name), "nor is a suffix alone");
    char long_name[200];
    memset(long_name, 'x', sizeof(long_name));
    memcpy(long_name + sizeof(long_name) - 3, ".ko", 3);
    ok(!h2k_module_name_of(long_name, sizeof(long_name), name),
       "nor a name that is too long");
}

static void
test_find(void)
{
    H2K_AUTO(h2k_modules) m = parse();
    if (!ok(m != NULL, "the indexes are read"))
        return;
    ok(h2k_modules_count(m) == 11, "11 modules, found %zu",
       h2k_modules_count(m));
    const struct h2k_module *found = h2k_modules_find(m, "virtio-rng");
    ok(found != NULL && h2k_modules_find(m, "virtio_rng") == found,
       "'-' and '_' are the same");
    ok_string(found->path, "kernel/drivers/char/hw_random/virtio-rng.ko.zst");
    found = h2k_modules_find(m, "old");
    ok(found != NULL && strcmp(found->path, "kernel/old.ko") == 0,
       "an absolute path is made relative");
    ok(h2k_modules_find(m, "escape") == NULL,
       "a path that leaves the directory is refused");
    ok(h2k_modules_find(m, "empty") == NULL, "an empty component is, too");
    ok(h2k_modules_is_builtin(m, "virtio-pci") &&
           h2k_modules_is_builtin(m, "scsi_mod") &&
           !h2k_modules_is_builtin(m, "virtio_blk"),
       "what is built in");
}

static void
test_closure(void)
{
    H2K_AUTO(h2k_modules) m = parse();
    H2K_AUTO_MODULE_SET set = { 0 };
    H2K_AUTO_MODULE_SET loop = { 0 };
    ok(h2k_modules_closure(m, "virtio_blk", &set) == 0 && set.count == 3 &&
           has(&set, "virtio_blk") && has(&set, "virtio_ring") &&
           has(&set, "virtio"),
       "hard dependencies");
    ok(h2k_modules_closure(m, "virtio_ring", &set) == 0 && set.count == 3,
       "nothing is in it twice");
    ok(h2k_modules_closure(m, "sd_mod", &set) == 0 &&
           has(&set, "crct10dif_pclmul") && has(&set, "crct10dif_generic"),
       "soft dependencies, by alias");
    ok(has(&set, "b") && has(&set, "a"), "and by name, after it");
    ok(h2k_modules_closure(m, "virtio_pci", &set) == 0 &&
           !has(&set, "virtio_pci"),
       "nothing for what is built in");
    ok(h2k_modules_closure(m, "a", &loop) == 0 && loop.count == 2,
       "modules that depend on one another");
}

/* A chain of more modules than any real closure has. */
static void
test_bounds(void)
{
    size_t count = H2K_MODULES_CLOSURE_MAX + 2;
    char *text = malloc(count * 32), *p = text;
    for (size_t i = 0; i < count; i++)
        p += sprintf(p, "k/m%zu.ko: k/m%zu.ko\n", i, i + 1);
    H2K_AUTO(h2k_modules)
    m = h2k_modules_parse(view(text), view(""), view(""), view(""));
    H2K_AUTO_MODULE_SET set = { 0 };
    free(text);
    ok(m != NULL && h2k_modules_count(m) == count, "a long chain is read");
    ok_error(h2k_modules_closure(m, "m0", &set) < 0, H2K_E_CORRUPT,
             "modules are needed");
    struct h2k_view huge = { .data = (const uint8_t *)"",
                             .size = H2K_MODULES_INDEX_LIMIT + 1 };
    ok_error(h2k_modules_parse(huge, view(""), view(""), view("")) == NULL,
             H2K_E_UNSUPPORTED, "index of");
    H2K_AUTO(h2k_modules)
    none = h2k_modules_parse(view(""), view(""), view(""), view(""));
    ok(none != NULL && h2k_modules_find(none, "virtio") == NULL &&
           !h2k_modules_is_builtin(none, "virtio"),
       "empty indexes");
}

int
main(void)
{
    test_names();
    test_find();
    test_closure();
    test_bounds();
    return tap_done();
}
