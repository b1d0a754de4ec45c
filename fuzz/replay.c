/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Runs a fuzz target over every file of a corpus directory, as a TAP test:
 * what once crashed must not crash again. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
run_file(const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &st) < 0) {
        perror(path);
        return -1;
    }
    /* Exactly as large as the input, so that a sanitizer sees overruns. */
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    size_t n = data == NULL ? 0 : fread(data, 1, size, file);
    fclose(file);
    if (data != NULL && n == size)
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    return n == size ? 0 : -1;
}

int
main(int argc, char **argv)
{
    struct dirent **names = NULL;
    int bad = 0, total = 0;
    if (argc != 2)
        return 2;
    int count = scandir(argv[1], &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            int rc = run_file(path);
            total++;
            bad += rc != 0;
            printf("%sok %d - %s\n", rc == 0 ? "" : "not ", total,
                   names[i]->d_name);
            fflush(stdout);
        }
        free(names[i]);
    }
    free(names);
    if (total == 0) { /* a corpus that is gone is a defect, not a pass */
        printf("not ok 1 - no input in %s\n", argv[1]);
        total = bad = 1;
    }
    printf("1..%d\n", total);
    return bad != 0;
}
