/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "common/progress.h"

#include "common/terminal.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "pipeline/report.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define REDRAW_SECONDS 0.1
#define RATE_SECONDS 4.0 /* the rate is that of about the last ones */

enum style { STYLE_NONE, STYLE_BARS, STYLE_LINES, STYLE_JSON };

/* One disk in one stage. */
struct row {
    char stage[32];
    char *item; /* owned */
    uint64_t done, total;
    unsigned percent; /* the last that was told */
    double begin;     /* seconds of the clock */
    double sampled;
    uint64_t sampled_done;
    double rate; /* bytes a second; 0: not known yet */
    bool ended;  /* and was told: no bar any more */
};

struct progress {
    pthread_mutex_t lock;
    enum style style;
    enum h2k_log_level level;
    FILE *log_file;
    struct row *rows;
    size_t count;
    unsigned drawn; /* lines of bars on the screen, the cursor below them */
    double redrawn;
};

static double
clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- Bars ---- */

static void
format_left(double seconds, char text[32])
{
    unsigned s = seconds < 1e6 ? (unsigned)seconds + 1 : 0;
    if (seconds >= 1e6)
        snprintf(text, 32, "days left");
    else if (s >= 5940)
        snprintf(text, 32, "%u h %02u min left", s / 3600, s / 60 % 60);
    else if (s >= 99)
        snprintf(text, 32, "%u min left", (s + 59) / 60);
    else
        snprintf(text, 32, "%u s left", s);
}

/* "convert  disk-0   [######......]  50 %  80.00 MiB/s, 3 s left", in
 * COLUMNS. */
static void
draw_row(const struct row *row, unsigned columns)
{
    enum { FIXED = 8 + 2 + 2 + 8 + 15 + 16, MOST = 40 };
    char bar[MOST + 1], rate[32], left[32] = "";
    unsigned free_columns = columns > FIXED ? columns - FIXED : 0;
    unsigned width = free_columns / 2 < MOST ? free_columns / 2 : MOST;
    unsigned name = free_columns - width;
    unsigned full = row->percent * width / 100;
    name = name > 32 ? 32 : name < 8 ? 8 : name;
    h2k_autofree char *item = terminal_safe(row->item, name);
    memset(bar, '.', width);
    memset(bar, '#', full);
    bar[width] = '\0';
    if (row->rate > 0 && row->done < row->total)
        format_left((double)(row->total - row->done) / row->rate, left);
    const char *text = item == NULL ? "" : item;
    H2K_AUTO_BUFFER line = { 0 };
    h2k_buffer_addf(&line, "%-8.8s %s%*s", row->stage, text,
                    (int)(name - terminal_width(text)), "");
    if (width >= 6)
        h2k_buffer_addf(&line, " [%s]", bar);
    h2k_buffer_addf(&line, " %3u %%", row->percent);
    if (row->rate > 0)
        h2k_buffer_addf(&line, "  %s/s%s%s",
                        h2k_size_human((uint64_t)row->rate, rate),
                        left[0] == '\0' ? "" : ", ", left);
    h2k_autofree char *cut = terminal_safe(h2k_buffer_text(&line), columns);
    fprintf(stderr, "%s\033[K\n", cut == NULL ? "" : cut);
}

/* Take the bars off the screen. */
static void
erase(struct progress *p)
{
    if (p->drawn > 0)
        fprintf(stderr, "\033[%uA\r\033[J", p->drawn);
    p->drawn = 0;
}

static void
draw(struct progress *p)
{
    unsigned columns = terminal_columns(stderr);
    unsigned rows = terminal_rows(stderr);
    if (p->drawn > 0)
        fprintf(stderr, "\033[%uA\r", p->drawn);
    p->drawn = 0;
    for (size_t i = 0; i < p->count && p->drawn + 1 < rows; i++)
        if (!p->rows[i].ended) {
            draw_row(&p->rows[i], columns > 1 ? columns - 1 : 79);
            p->drawn++;
        }
    fputs("\033[J", stderr);
    fflush(stderr);
    p->redrawn = clock_seconds();
}

/* ---- Rows ---- */

static void
row_start(struct row *row, uint64_t done, uint64_t total)
{
    row->begin = row->sampled = clock_seconds();
    row->sampled_done = done;
    row->done = done;
    row->total = total;
    row->rate = 0;
    row->percent = 0;
    row->ended = false;
}

static struct row *
row_find(struct progress *p, const char *stage, const char *item)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->rows[i].stage, stage) == 0 &&
            strcmp(p->rows[i].item, item) == 0)
            return &p->rows[i];
    return NULL;
}

static struct row *
row_add(struct progress *p, const char *stage, const char *item, uint64_t done,
        uint64_t total)
{
    char *copy = strdup(item);
    struct row *rows = reallocarray(p->rows, p->count + 1, sizeof(p->rows[0]));
    if (rows != NULL)
        p->rows = rows;
    if (rows == NULL || copy == NULL) {
        free(copy);
        return NULL; /* a display is not worth failing for */
    }
    struct row *row = &p->rows[p->count++];
    *row = (struct row){ .item = copy };
    snprintf(row->stage, sizeof(row->stage), "%s", stage);
    row_start(row, done, total);
    return row;
}

static void
row_advance(struct row *row, uint64_t done, uint64_t total)
{
    double now = clock_seconds(), passed = now - row->sampled;
    if (done < row->done)
        row_start(row, done, total);
    row->done = done;
    row->total = total;
    if (passed < REDRAW_SECONDS / 2 || done < row->sampled_done)
        return;
    double rate = (double)(done - row->sampled_done) / passed;
    double weight = passed / (RATE_SECONDS + passed);
    row->rate = row->rate > 0 ? row->rate + (rate - row->rate) * weight : rate;
    row->sampled = now;
    row->sampled_done = done;
}

/* At the end the rate is that of all of it. */
static void
row_end(struct row *row)
{
    double seconds = clock_seconds() - row->begin;
    row->ended = true;
    row->percent = 100;
    row->rate = seconds > 0.05 ? (double)row->done / seconds : 0;
}

/* ---- Telling ---- */

static void
print_json(json_t *object)
{
    if (object != NULL && json_dumpf(object, stderr, JSON_COMPACT) == 0)
        fputc('\n', stderr);
    json_decref(object);
}

static void
show_line(struct progress *p, const struct row *row)
{
    h2k_autofree char *item = terminal_safe(row->item, 0);
    if (item == NULL)
        return;
    if (p->style == STYLE_LINES)
        fprintf(stderr, "%s %s: %u %%\n", row->stage, item, row->percent);
    else if (p->style == STYLE_JSON)
        print_json(json_pack("{s:s, s:s, s:I, s:I, s:f}", "stage", row->stage,
                             "disk_id", item, "done", (json_int_t)row->done,
                             "total", (json_int_t)row->total, "seconds",
                             clock_seconds() - row->begin));
}

static void
show(struct progress *p, struct row *row)
{
    unsigned percent =
        row->total == 0
            ? 100
            : (unsigned)((double)row->done / (double)row->total * 100);
    unsigned step = p->style == STYLE_LINES ? 10 : 1;
    bool ends = row->done >= row->total;
    bool news = percent / step != row->percent / step;
    row->percent = ends ? 100 : percent > 99 ? 99 : percent;
    if (p->style == STYLE_BARS) {
        if (!ends && clock_seconds() - p->redrawn < REDRAW_SECONDS)
            return;
        if (ends) {
            erase(p);
            row_end(row);
            draw_row(row, terminal_columns(stderr) - 1);
        }
        draw(p);
        return;
    }
    if (ends || news)
        show_line(p, row);
    if (ends)
        row_end(row);
}

void
progress_update(void *opaque, const char *stage, const char *item,
                uint64_t done, uint64_t total)
{
    struct progress *p = opaque;
    if (p->style == STYLE_NONE)
        return;
    pthread_mutex_lock(&p->lock);
    struct row *row = row_find(p, stage, item);
    if (row == NULL)
        row = row_add(p, stage, item, done, total);
    if (row != NULL && !(row->ended && done >= total)) {
        row_advance(row, done, total);
        show(p, row);
    }
    pthread_mutex_unlock(&p->lock);
}

static void
tell(struct progress *p, bool warning, const char *message)
{
    h2k_autofree char *safe = terminal_safe(message, 0);
    if (safe == NULL)
        return;
    if (p->style == STYLE_JSON) {
        print_json(json_pack("{s:s, s:s}", "level",
                             warning ? "warning" : "info", "message", safe));
        return;
    }
    erase(p);
    fprintf(stderr, "%s%s\n", warning ? "warning: " : "", safe);
    if (p->style == STYLE_BARS)
        draw(p);
}

static void
on_log(void *opaque, enum h2k_log_level level, const char *message)
{
    struct progress *p = opaque;
    pthread_mutex_lock(&p->lock);
    if (p->log_file != NULL) {
        fprintf(p->log_file, "%s\n", message);
        fflush(p->log_file);
    }
    if (level <= p->level)
        tell(p, level == H2K_LOG_WARNING, message);
    pthread_mutex_unlock(&p->lock);
}

void
progress_message(struct progress *p, bool warning, const char *text)
{
    on_log(p, warning ? H2K_LOG_WARNING : H2K_LOG_INFO, text);
}

static enum style
choose_style(const struct progress_settings *settings)
{
    if (settings->json)
        return STYLE_JSON;
    if (settings->quiet)
        return STYLE_NONE;
    return terminal_columns(stderr) > 0 ? STYLE_BARS : STYLE_LINES;
}

struct progress *
progress_new(const struct progress_settings *settings)
{
    struct progress *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (settings->log_file != NULL &&
        (p->log_file = fopen(settings->log_file, "ae")) == NULL) {
        h2k_fail_errno(H2K_E_OUTPUT, "the log %s cannot be written",
                       settings->log_file);
        free(p);
        return NULL;
    }
    pthread_mutex_init(&p->lock, NULL);
    p->style = choose_style(settings);
    p->level = settings->quiet          ? H2K_LOG_WARNING
               : settings->verbose == 0 ? H2K_LOG_INFO
               : settings->verbose == 1 ? H2K_LOG_VERBOSE
                                        : H2K_LOG_DEBUG;
    h2k_log_set(on_log, p, H2K_LOG_DEBUG);
    return p;
}

void
progress_settle(struct progress *p)
{
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < p->count; i++)
        free(p->rows[i].item);
    p->count = 0;
    p->drawn = 0;
    pthread_mutex_unlock(&p->lock);
}

void
progress_end(struct progress *p)
{
    if (p == NULL)
        return;
    h2k_log_set(NULL, NULL, H2K_LOG_WARNING);
    if (p->log_file != NULL)
        fclose(p->log_file);
    p->log_file = NULL;
    progress_settle(p);
    p->style = STYLE_NONE;
}

void
progress_free(struct progress *p)
{
    if (p == NULL)
        return;
    progress_end(p);
    free(p->rows);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
