/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Faults as errors: what a type means, and what stands in it. */
#include "provider/vsphere/soap.h"

#include "base/error.h"

#include <string.h>

#define NESTED_MAX 4
#define TEXT_MAX 400

/* Servers often leave the text empty; the type tells then.  KEY is a child
 * whose value says what it is about. */
static const struct fault {
    const char *name;
    enum h2k_errcode code;
    const char *text;
    const char *key;
} faults[] = {
    { "ManagedObjectNotFound", H2K_E_NOENT,
      "the object is not there (any more)", "obj" },
    { "MethodNotFound", H2K_E_UNSUPPORTED,
      "this server does not have the call", "method" },
    { "NotImplemented", H2K_E_UNSUPPORTED,
      "this server does not have the call", NULL },
    { "NotSupported", H2K_E_UNSUPPORTED,
      "this is not supported for the object", NULL },
    { "NoPermission", H2K_E_SOURCE, "the user lacks a privilege",
      "privilegeId" },
    { "NotAuthenticated", H2K_E_SOURCE, "the session has ended", NULL },
    { "InvalidLogin", H2K_E_USAGE, "the user name or the password is wrong",
      NULL },
    { "InvalidPowerState", H2K_E_SOURCE,
      "the VM's power state does not allow it", "existingState" },
    { "InvalidState", H2K_E_SOURCE, "the object's state does not allow it",
      NULL },
    { "TaskInProgress", H2K_E_SOURCE,
      "another task is at work on it (an export that was killed stays one for "
      "five minutes)",
      "task" },
    { "FileLocked", H2K_E_SOURCE, "a file is locked", "file" },
    { "FileNotFound", H2K_E_SOURCE, "a file is missing", "file" },
    { "FileFault", H2K_E_SOURCE, "a file cannot be used", "file" },
    { "RestrictedVersion", H2K_E_UNSUPPORTED,
      "the host's licence does not allow it (a free ESXi has no API for "
      "changes)",
      NULL },
    { "InvalidArgument", H2K_E_SOURCE, "an argument is not accepted",
      "invalidProperty" },
    { "InvalidProperty", H2K_E_SOURCE, "there is no such property", "name" },
    { "ToolsUnavailable", H2K_E_SOURCE, "VMware Tools do not run in the guest",
      NULL },
    { "ConcurrentAccess", H2K_E_SOURCE, "somebody else changed it meanwhile",
      NULL },
    { "RequestCanceled", H2K_E_SOURCE, "it was cancelled", NULL },
    { "Timedout", H2K_E_SOURCE, "it took the server too long", NULL },
};

/* Where a fault has no xsi:type its element's name stands for it, which is
 * "InvalidLoginFault" for an InvalidLogin. */
static bool
is_named(const char *found, const char *name)
{
    size_t length = strlen(name);
    return strncmp(found, name, length) == 0 &&
           (found[length] == '\0' || strcmp(found + length, "Fault") == 0);
}

static const struct fault *
find_fault(const char *name)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        if (is_named(name, faults[i].name))
            return &faults[i];
    return NULL;
}

const char *
h2k_soap_fault_name(const xmlNode *fault)
{
    const char *type = h2k_soap_type(fault);
    if (type != NULL)
        return type;
    return fault == NULL ? "" : (const char *)fault->name;
}

bool
h2k_soap_fault_is(const struct h2k_soap_reply *reply, const char *name)
{
    return is_named(h2k_soap_fault_name(reply->fault), name);
}

/* One line of bounded length out of whatever the server said. */
static void
add_text(struct h2k_buffer *b, const char *text)
{
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
        size--;
    for (size_t i = 0; i < size && i < TEXT_MAX; i++)
        h2k_buffer_addc(b, (unsigned char)text[i] < ' ' ? ' ' : text[i]);
    if (size > TEXT_MAX)
        h2k_buffer_adds(b, "…");
}

static bool
is_there(const char *text)
{
    return text != NULL && text[strspn(text, " \t\r\n")] != '\0';
}

static void
add_part(struct h2k_buffer *b, const char *before, const char *text,
         const char *after)
{
    if (!is_there(text))
        return;
    h2k_buffer_adds(b, before);
    add_text(b, text);
    h2k_buffer_adds(b, after);
}

/* LocalizableMessage has a key, and in newer versions the message. */
static void
add_messages(struct h2k_buffer *b, const xmlNode *fault)
{
    int left = NESTED_MAX;
    h2k_soap_each (message, fault, "faultMessage") {
        const char *text = h2k_soap_get_at(message, "message");
        if (!is_there(text))
            text = h2k_soap_get_at(message, "key");
        if (left-- > 0)
            add_part(b, "; ", text, "");
    }
}

static void
add_fault(struct h2k_buffer *b, const xmlNode *fault, const char *text,
          int depth)
{
    const char *name = h2k_soap_fault_name(fault);
    const struct fault *known = find_fault(name);
    add_text(b, *name == '\0' ? "fault" : name);
    if (is_there(text))
        add_part(b, ": ", text, "");
    else if (known != NULL)
        add_part(b, ": ", known->text, "");
    if (known != NULL && known->key != NULL)
        add_part(b, " (", h2k_soap_get_at(fault, known->key), ")");
    add_messages(b, fault);
    const xmlNode *cause = h2k_soap_child(fault, "faultCause");
    if (cause == NULL || depth >= NESTED_MAX)
        return;
    h2k_buffer_adds(b, "; because of ");
    add_fault(b, h2k_soap_child(cause, "fault"),
              h2k_soap_get_at(cause, "localizedMessage"), depth + 1);
}

int
h2k_soap_fail_fault(const xmlNode *fault, const char *text)
{
    H2K_AUTO_BUFFER b = { 0 };
    const struct fault *known = find_fault(h2k_soap_fault_name(fault));
    add_fault(&b, fault, text, 0);
    if (h2k_buffer_check(&b) < 0)
        return -1;
    return h2k_fail(known == NULL ? H2K_E_SOURCE : known->code, "%s",
                    h2k_buffer_text(&b));
}

int
h2k_soap_fail_method_fault(const xmlNode *error)
{
    return h2k_soap_fail_fault(h2k_soap_child(error, "fault"),
                               h2k_soap_get_at(error, "localizedMessage"));
}
