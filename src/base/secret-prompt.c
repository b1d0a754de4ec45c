/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/secret.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define LOOK_MS 200
/* What a terminal gives for one line (termios(3): 4095 and its end). */
#define LINE_LIMIT 4096

/*
 * A terminal that does not echo.  Signals wait meanwhile: the terminal is
 * set right before they do what they do, be it to end the program, to stop
 * it or to be handled.
 */
struct silence {
    int tty;
    int signals; /* signalfd(2): readable while one waits */
    sigset_t held, before;
    struct termios echoing;
};

static int
silence_begin(struct silence *s)
{
    static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
    sigemptyset(&s->held);
    for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
        sigaddset(&s->held, held[i]);
    if (tcgetattr(s->tty, &s->echoing) < 0)
        return h2k_fail_errno(H2K_E_USAGE, "the terminal");
    s->signals = signalfd(-1, &s->held, SFD_CLOEXEC);
    if (s->signals < 0)
        return h2k_fail_errno(H2K_E_FAILED, "signalfd");
    struct termios silent = s->echoing;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    silent.c_lflag |= ICANON | ECHONL | ISIG;
    pthread_sigmask(SIG_BLOCK, &s->held, &s->before);
    if (tcsetattr(s->tty, TCSAFLUSH, &silent) == 0)
        return 0;
    h2k_fail_errno(H2K_E_USAGE, "the terminal");
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    close(s->signals);
    return -1;
}

/* Signals that waited are delivered in here. */
static void
silence_end(struct silence *s)
{
    tcsetattr(s->tty, TCSAFLUSH, &s->echoing);
    close(s->signals);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}

enum answer { LINE, STOPPED, ENDED };

/* Wait for a line and read it: LINE with *COUNT, -1 on an error; STOPPED
 * and ENDED when a signal waits. */
static enum answer
silence_read(struct silence *s, char *line, ssize_t *count)
{
    struct pollfd fds[2] = { { .fd = s->tty, .events = POLLIN },
                             { .fd = s->signals, .events = POLLIN } };
    while (!h2k_interrupted()) {
        if (poll(fds, 2, LOOK_MS) <= 0)
            continue;
        if (fds[1].revents != 0) {
            sigset_t waiting;
            sigpending(&waiting);
            return sigismember(&waiting, SIGTSTP) == 1 ? STOPPED : ENDED;
        }
        *count = read(s->tty, line, LINE_LIMIT);
        if (*count >= 0 || errno != EINTR)
            return LINE;
    }
    return ENDED;
}

static enum answer
ask(int tty, const char *prompt, char *line, ssize_t *count)
{
    struct silence s = { .tty = tty };
    enum answer answer;
    do {
        *count = -1;
        if (silence_begin(&s) < 0)
            return LINE;
        answer = LINE;
        errno = 0;
        if (write(tty, prompt, strlen(prompt)) >= 0)
            answer = silence_read(&s, line, count);
        if (answer == LINE && *count < 0)
            h2k_fail_errno(H2K_E_USAGE, "the terminal gave no password");
        silence_end(&s);
    } while (answer == STOPPED && !h2k_interrupted());
    return answer;
}

struct h2k_secret *
h2k_secret_prompt(const char *prompt)
{
    h2k_autofd int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return h2k_fail_null(H2K_E_USAGE,
                             "there is no terminal to ask for the password: "
                             "give it by a file, a command or the "
                             "environment");
    char nothing[LINE_LIMIT] = { 0 };
    H2K_AUTO(h2k_secret) line = h2k_secret_new(nothing, sizeof(nothing));
    if (line == NULL)
        return NULL;
    /* The line is read into locked memory, which is ours to write. */
    char *text = (char *)(uintptr_t)h2k_secret_text(line);
    ssize_t count;
    if (ask(tty, prompt, text, &count) != LINE)
        return h2k_fail_null(H2K_E_INTERRUPTED, "interrupted");
    if (count < 0)
        return NULL;
    while (count > 0 && (text[count - 1] == '\n' || text[count - 1] == '\r'))
        count--;
    if (count == 0)
        return h2k_fail_null(H2K_E_USAGE, "no password was given");
    return h2k_secret_new(text, (size_t)count);
}
