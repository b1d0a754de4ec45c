/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * How far the job is.  On a terminal a bar with rate and time left, one line
 * for each disk and stage; elsewhere a line every ten per cent; with
 * --json-progress an object a line.
 */
#include "app.h"

#include "base/interrupt.h"
#include "base/log.h"
#include "pipeline/report.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum style { STYLE_NONE, STYLE_BAR, STYLE_LINES, STYLE_JSON };

static struct {
    pthread_mutex_t lock;
    enum style style;
    FILE *log_file;
    char stage[32], disk[80]; /* what the line is about */
    struct timespec begin, shown;
    unsigned percent;
    bool line_open; /* the bar's line is not ended */
} state = { .lock = PTHREAD_MUTEX_INITIALIZER };

static double
seconds_from(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) +
           (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static void
end_line(void)
{
    if (state.line_open)
        fputc('\n', stderr);
    state.line_open = false;
}

static void
print_log(void *opaque, enum h2k_log_level level, const char *message)
{
    const struct app *app = opaque;
    pthread_mutex_lock(&state.lock);
    if (state.log_file != NULL) {
        fprintf(state.log_file, "%s\n", message);
        fflush(state.log_file);
    }
    enum h2k_log_level most = app->quiet          ? H2K_LOG_WARNING
                              : app->verbose == 0 ? H2K_LOG_INFO
                              : app->verbose == 1 ? H2K_LOG_VERBOSE
                                                  : H2K_LOG_DEBUG;
    if (level <= most) {
        end_line();
        fprintf(stderr, "%s%s\n", level == H2K_LOG_WARNING ? "warning: " : "",
                message);
    }
    pthread_mutex_unlock(&state.lock);
}

void
app_progress_begin(const struct app *app)
{
    if (app->json_progress)
        state.style = STYLE_JSON;
    else if (app->quiet)
        state.style = STYLE_NONE;
    else
        state.style = isatty(STDERR_FILENO) ? STYLE_BAR : STYLE_LINES;
    if (app->log_file != NULL &&
        (state.log_file = fopen(app->log_file, "ae")) == NULL)
        fprintf(stderr, "hyper2kvm: cannot write %s\n", app->log_file);
    h2k_log_set(print_log, (void *)(uintptr_t)app, H2K_LOG_DEBUG);
}

static void
show_bar(unsigned percent, uint64_t done, uint64_t total)
{
    enum { WIDTH = 24 };
    char bar[WIDTH + 1], rate[32], left[24] = "";
    double seconds = seconds_from(&state.begin);
    unsigned full = percent * WIDTH / 100;
    memset(bar, '.', WIDTH);
    memset(bar, '#', full);
    bar[WIDTH] = '\0';
    double speed = seconds > 0.05 ? (double)done / seconds : 0;
    if (speed > 0 && done < total)
        snprintf(left, sizeof(left), ", %.0f s left",
                 (double)(total - done) / speed);
    fprintf(stderr, "\r\033[K%-8s %-16s [%s] %3u %%  %s/s%s", state.stage,
            state.disk, bar, percent, h2k_size_human((uint64_t)speed, rate),
            left);
    fflush(stderr);
    state.line_open = true;
}

static void
show(unsigned percent, uint64_t done, uint64_t total)
{
    switch (state.style) {
    case STYLE_BAR:
        show_bar(percent, done, total);
        break;
    case STYLE_LINES:
        fprintf(stderr, "%s %s: %u %%\n", state.stage, state.disk, percent);
        break;
    case STYLE_JSON:
        fprintf(stderr,
                "{\"stage\": \"%s\", \"disk_id\": \"%s\", \"done\": %" PRIu64
                ", \"total\": %" PRIu64 ", \"seconds\": %.3f}\n",
                state.stage, state.disk, done, total,
                seconds_from(&state.begin));
        break;
    case STYLE_NONE:
        break;
    }
}

static bool
due(unsigned percent)
{
    if (percent == state.percent)
        return false;
    if (percent == 100)
        return true;
    if (state.style == STYLE_LINES)
        return percent / 10 != state.percent / 10;
    return seconds_from(&state.shown) >= 0.1;
}

void
app_progress(void *opaque, const char *stage, const char *disk_id,
             uint64_t done, uint64_t total)
{
    (void)opaque;
    pthread_mutex_lock(&state.lock);
    if (strcmp(stage, state.stage) != 0 || strcmp(disk_id, state.disk) != 0) {
        end_line();
        snprintf(state.stage, sizeof(state.stage), "%s", stage);
        snprintf(state.disk, sizeof(state.disk), "%s", disk_id);
        clock_gettime(CLOCK_MONOTONIC, &state.begin);
        state.shown = state.begin;
        state.percent = 0;
    }
    unsigned percent =
        total == 0 ? 100 : (unsigned)((double)done / (double)total * 100);
    if (due(percent)) {
        show(percent, done, total);
        state.percent = percent;
        clock_gettime(CLOCK_MONOTONIC, &state.shown);
        if (percent == 100)
            end_line();
    }
    pthread_mutex_unlock(&state.lock);
}

void
app_progress_end(void)
{
    end_line();
    h2k_log_set(NULL, NULL, H2K_LOG_WARNING);
    if (state.log_file != NULL)
        fclose(state.log_file);
    state.log_file = NULL;
}
