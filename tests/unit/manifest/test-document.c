/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Text into a tree, and back. */
#include "manifest/document.h"

#include "manifest/problems.h"
#include "manifest/scalar.h"
#include "tap.h"

static struct h2k_problems *problems;

static struct h2k_document *
parse(const char *text)
{
    h2k_problems_free(problems);
    problems = h2k_problems_new();
    return h2k_document_parse(text, strlen(text), "f", H2K_MANIFEST_MAX_DEPTH,
                              problems);
}

/* The only problem, as text. */
static bool
says(const char *expected)
{
    char *text = h2k_problem_format(h2k_problems_get(problems, 0));
    bool good =
        h2k_problems_count(problems) == 1 && strcmp(text, expected) == 0;
    if (!good)
        printf("# got %zu: %s\n# expected: %s\n", h2k_problems_count(problems),
               text, expected);
    free(text);
    return good;
}

static void
refused(const char *text, const char *expected)
{
    struct h2k_document *doc = parse(text);
    ok(says(expected), "refused: %.40s", expected);
    h2k_document_free(doc);
}

/* TEXT is read as what JSON writes as EXPECTED, and both ways of writing are
 * read as the same again. */
static void
reads_as(const char *text, const char *expected)
{
    static const enum h2k_manifest_format formats[] = { H2K_MANIFEST_JSON,
                                                        H2K_MANIFEST_YAML };
    static int count;
    struct h2k_document *doc = parse(text);
    ok(doc != NULL && h2k_problems_count(problems) == 0, "reads text %d",
       ++count);
    for (int i = 0; doc != NULL && i < 2; i++) {
        char *out = h2k_node_to_text(doc->root, formats[i]);
        ok(i > 0 || strcmp(out, expected) == 0, "what it reads");
        if (i == 0 && strcmp(out, expected) != 0)
            printf("# got %s", out);
        struct h2k_document *again = parse(out);
        ok(again != NULL && h2k_node_equal(doc->root, again->root),
           "the same from %s", i == 0 ? "JSON" : "YAML");
        if (again == NULL)
            printf("# %s\n", out);
        h2k_document_free(again);
        free(out);
    }
    h2k_document_free(doc);
}

static void
test_values(void)
{
    reads_as("[8, 8.0, 1099511627776, 1e3, -0, 12345678901234567890123]",
             "[\n  8,\n  8.0,\n  1099511627776,\n  1e3,\n  -0,\n"
             "  12345678901234567890123\n]\n");
    reads_as("a: [+1, 007, .5, 1., -.5e+3, 0x1F, 0o17]",
             "{\n  \"a\": [\n    1,\n    7,\n    0.5,\n    1.0,\n"
             "    -0.5e+3,\n    31,\n    15\n  ]\n}\n");
    reads_as("a: [yes, no, on, y, True, FALSE, ~, Null, '8', 1.0.0]",
             "{\n  \"a\": [\n    \"yes\",\n    \"no\",\n    \"on\",\n"
             "    \"y\",\n    true,\n    false,\n    null,\n    null,\n"
             "    \"8\",\n    \"1.0.0\"\n  ]\n}\n");
    reads_as("a: !!str 8\nb: !!int '9'\nc:\nd: {}\ne: []\nf: ''\n",
             "{\n  \"a\": \"8\",\n  \"b\": 9,\n  \"c\": null,\n  \"d\": {},\n"
             "  \"e\": [],\n  \"f\": \"\"\n}\n");
    reads_as("{\"a\": \"\\ud83d\\ude00\\u00e9\\u007f\\u2028\\n\\\"\"}",
             "{\n  \"a\": \"😀é\\u007f\\u2028\\n\\\"\"\n}\n");
    reads_as("\xef\xbb\xbf{\"a\": 1}", "{\n  \"a\": 1\n}\n");
    reads_as("a: |\n  [x]\n\n  y: z\nb: |-\n  1\n  2\nc: |+\n  x\n\n",
             "{\n  \"a\": \"[x]\\n\\ny: z\\n\",\n  \"b\": \"1\\n2\",\n"
             "  \"c\": \"x\\n\\n\"\n}\n");
    reads_as(
        "a: \" x\\n\"\nb: \"\\tx\\ny\"\nc: \"x\\n \\ny\"\nd: \"x\\r\\ny\"\n"
        "e: \"\\n\"\nf: \"x\\n  \"\ng: \"x\\n\\ty\\n\"\n",
        "{\n  \"a\": \" x\\n\",\n  \"b\": \"\\tx\\ny\",\n"
        "  \"c\": \"x\\n \\ny\",\n  \"d\": \"x\\r\\ny\",\n"
        "  \"e\": \"\\n\",\n  \"f\": \"x\\n  \",\n"
        "  \"g\": \"x\\n\\ty\\n\"\n}\n");
    reads_as("- - a\n  - - b\n- c: d\n  e:\n  - f\n- - g: h\n",
             "[\n  [\n    \"a\",\n    [\n      \"b\"\n    ]\n  ],\n  {\n"
             "    \"c\": \"d\",\n    \"e\": [\n      \"f\"\n    ]\n  },\n"
             "  [\n    {\n      \"g\": \"h\"\n    }\n  ]\n]\n");
    reads_as("\"8\": 1\n\"a: b\": 2\n\"\": 3\n\"#\": \"x #y\"\n",
             "{\n  \"8\": 1,\n  \"a: b\": 2,\n  \"\": 3,\n"
             "  \"#\": \"x #y\"\n}\n");
    reads_as("a: &x [1, {b: 2}]\nc: *x\n",
             "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n"
             "  \"c\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ]\n}\n");
    reads_as("p:\n  a: |\n\n   x\n  b: >\n    y\n  d: |2\n     z\n  c: |+\n\n"
             "l:\n- |\n x\n- - |+\n\n   y\n? &k m\n: &a !!str |\n  x\n",
             "{\n  \"p\": {\n    \"a\": \"\\nx\\n\",\n    \"b\": \"y\\n\",\n"
             "    \"d\": \" z\\n\",\n    \"c\": \"\\n\"\n  },\n  \"l\": [\n"
             "    \"x\\n\",\n    [\n      \"\\ny\\n\"\n    ]\n  ],\n"
             "  \"m\": \"x\\n\"\n}\n");
    reads_as("&k a: |\n  x\n", "{\n  \"a\": \"x\\n\"\n}\n");
    reads_as("--- |\nx\n", "\"x\\n\"\n");
    reads_as("--- \"{}\"\n", "\"{}\"\n");
}

static void
test_refused(void)
{
    refused("", "f: error: the file is empty");
    refused(" \n\t", "f: error: the file is empty");
    refused("# nothing\n", "f: error: there is no document in the file");
    refused("{\"a\": 1,}",
            "f:1:8: error: not valid JSON: JSON disallows trailing comma "
            "before closing brace (it begins as JSON does, so it is read as "
            "JSON)");
    refused("a: 1\nb: 2\na: 3\n",
            "f:3:1: error: a: the key stands here a second time; the first "
            "is in line 1");
    refused("{\"a\": {\"b\": 1,\n \"b\": 1}}",
            "f:2:2: error: a.b: the key stands here a second time; the first "
            "is in line 1");
    refused("a: \xff\n", "f:1:4: error: not UTF-8: the byte 0xff");
    refused("\xff\xfe{", "f:1:1: error: not UTF-8: the byte 0xff (it looks "
                         "like UTF-16: save it as UTF-8)");
    refused("é: \xed\xa0\x80", "f:1:4: error: not UTF-8: the byte 0xed");
    refused("a: \x01", "f:1:4: error: the control character 0x01");
    refused("{\"a\": \"x\\u0000y\"}",
            "f:1:7: error: a string has a NUL character in it");
    refused("a: 1\n---\nb: 2\n",
            "f:2:1: error: there is a second document in the file");
    refused("? [a]\n: 1\n", "f:1:3: error: a key must be a string, not a "
                            "list");
    refused("a: !x 1\n", "f:1:7: error: this YAML tag is not supported here");
    refused("a: !!binary AA==\n",
            "f:1:13: error: this YAML tag is not supported here");
    refused("!x a: 1\n", "f:1:4: error: this YAML tag is not supported here");
    refused("a: .inf\n",
            "f:1:4: error: .inf is not a number that JSON can hold");
    refused("a: &x 1\n<<: *x\n", "f:2:1: error: the merge key << is not part "
                                 "of YAML 1.2 (write its keys out)");
    refused("p:\n  a: >-\n  b\n      c\n        d\n\nx: 1\n",
            "f:3:1: error: the text after | or > is not indented more than "
            "its key (an empty text is \"\")");
    refused("p:\n  a: |\n  b: 1\n",
            "f:3:1: error: the text after | or > is not indented more than "
            "its key (an empty text is \"\")");
    refused("? |\n  a\n: 1\n", "f:2:1: error: a key must be in one line");
    refused("a: *x\n", "f:1:5: error: *x stands for nothing before it");
    refused("a: &x [*x]\n", "f:1:9: error: *x stands for nothing before it");
}

static void
test_limits(void)
{
    char deep[200] = "";
    memset(deep, '[', 64);
    memset(deep + 64, ']', 64);
    struct h2k_document *doc = parse(deep);
    ok(doc != NULL, "64 lists in each other");
    h2k_document_free(doc);
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    refused(deep, "f:1:65: error: more than 64 maps and lists in each other");

    refused("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\n"
            "e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e]\n",
            "f:6:18: error: *e stands for more than a document may hold");

    char *many = calloc(2, H2K_MANIFEST_MAX_NODES + 10);
    many[0] = '[';
    for (size_t i = 0; i <= H2K_MANIFEST_MAX_NODES; i++)
        memcpy(many + 1 + 2 * i, "1,", 2);
    doc = parse(many);
    ok(doc == NULL && says("f:1:400000: error: more than 200000 values in "
                           "one document"),
       "too many values");
    h2k_document_free(doc);
    free(many);

    char *large = malloc(H2K_MANIFEST_MAX_SIZE + 2);
    memset(large, 'a', H2K_MANIFEST_MAX_SIZE + 1);
    large[H2K_MANIFEST_MAX_SIZE + 1] = '\0';
    doc = parse(large);
    ok(doc == NULL &&
           says("f: error: larger than 16 MiB, so it is no manifest"),
       "too large");
    h2k_document_free(doc);
    free(large);
}

static void
test_tree(void)
{
    struct h2k_document *doc = parse("a: 1\nb: {c: [x, {'d e': 2}]}\nf: 3\n");
    struct h2k_node *b = h2k_node_get(doc->root, "b");
    struct h2k_node *d =
        h2k_node_get(h2k_node_get(b, "c")->first->next, "d e");
    char *path = h2k_node_path(d, "x");
    ok_string(path, "b.c[1][\"d e\"].x");
    free(path);
    ok(d->place.line == 2 && d->place.column == 20 &&
           d->key_place.column == 13,
       "a node knows its place and its key's");

    h2k_node_put(doc, doc->root, "a",
                 h2k_node_new(doc, H2K_NODE_STRING, "new"));
    h2k_node_remove(doc->root, "b");
    h2k_node_put(doc, doc->root, "g", h2k_node_new(doc, H2K_NODE_LIST, NULL));
    char *text = h2k_node_to_text(doc->root, H2K_MANIFEST_YAML);
    ok(strcmp(text, "a: new\nf: 3\ng: []\n") == 0, "put and removed");
    free(text);
    ok(h2k_node_get(doc->root, "g")->index == 2 && doc->root->count == 3,
       "places in the list are kept right");
    h2k_node_remove(doc->root, "g");
    h2k_node_remove(doc->root, "a");
    h2k_node_remove(doc->root, "nothing");
    text = h2k_node_to_text(doc->root, H2K_MANIFEST_JSON);
    ok(strcmp(text, "{\n  \"f\": 3\n}\n") == 0, "removed at both ends");
    free(text);
    h2k_document_free(doc);

    struct h2k_document *x = parse("{\"a\": 1, \"b\": 2}");
    struct h2k_document *y = parse("{\"b\": 2, \"a\": 1}");
    struct h2k_document *z = parse("{\"b\": 2, \"a\": 1.0}");
    ok(h2k_node_equal(x->root, y->root), "the order of keys is no content");
    ok(!h2k_node_equal(x->root, z->root), "1 and 1.0 are not the same");
    h2k_document_free(x);
    h2k_document_free(y);
    h2k_document_free(z);
}

static void
test_numbers(void)
{
    struct h2k_document *doc =
        parse("[8, 8.0, 1e3, 8.5, 9223372036854775807, 9223372036854775808,"
              " 1e400, \"8\", -1]");
    static const struct {
        bool good;
        int64_t value;
    } expected[] = { { true, 8 },  { true, 8 },         { true, 1000 },
                     { false, 0 }, { true, INT64_MAX }, { false, 0 },
                     { false, 0 }, { false, 0 },        { true, -1 } };
    const struct h2k_node *node = doc->root->first;
    for (size_t i = 0; i < 9; i++, node = node->next) {
        int64_t value = 0;
        bool good = h2k_node_integer(node, &value);
        ok(good == expected[i].good && value == expected[i].value,
           "%s as a whole number", node->text);
    }
    double number = 0;
    ok(!h2k_node_number(doc->root->first->next->next->next->next->next->next,
                        &number),
       "1e400 is no number that fits");
    h2k_document_free(doc);
    static const char *const good[] = { "0",    "-0",       "1.5", "1e5",
                                        "1E-5", "-12.0e+1", NULL };
    static const char *const bad[] = { "",   "-",  "01",  "+1", ".5",
                                       "1.", "1e", "0x1", "1 ", NULL };
    for (int i = 0; good[i] != NULL; i++)
        ok(h2k_scalar_is_json_number(good[i]), "'%s' is a number", good[i]);
    for (int i = 0; bad[i] != NULL; i++)
        ok(!h2k_scalar_is_json_number(bad[i]), "'%s' is none", bad[i]);
}

static void
test_suggestions(void)
{
    static const char *const words[] = { "checksum", "compress",
                                         "collect_guest_info", "id", NULL };
    static const struct {
        const char *text, *nearest;
    } cases[] = { { "cheksum", "checksum" },
                  { "Checksum", "checksum" },
                  { "comprses", "compress" },
                  { "collect-guest-info", "collect_guest_info" },
                  { "ID", "id" },
                  { "x", NULL },
                  { "something", NULL },
                  { "", NULL } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *nearest = h2k_nearest(cases[i].text, words);
        ok(nearest == NULL ? cases[i].nearest == NULL
                           : cases[i].nearest != NULL &&
                                 strcmp(nearest, cases[i].nearest) == 0,
           "'%s' means %s", cases[i].text,
           cases[i].nearest == NULL ? "nothing" : cases[i].nearest);
    }
}

int
main(void)
{
    test_values();
    test_refused();
    test_limits();
    test_tree();
    test_numbers();
    test_suggestions();
    h2k_problems_free(problems);
    return tap_done();
}
