// What model.c stands on: memory that is freed all at once, one way to fail, and a reader of JSON.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf failed;     // where fail() goes on
static char failure[1 << 14]; // and what it has to say

static inline _Noreturn void fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(failure, sizeof failure, format, values);
    va_end(values);
    longjmp(failed, 1);
}

// A pool is a chain of blocks, the newest first.
typedef struct Pool {
    struct Pool *next;
    max_align_t data[];
} Pool;

// Zeroed room for `count` things; never NULL.
static inline void *take(Pool **pool, size_t count, size_t size) {
    if (size && count > (SIZE_MAX / 2) / size) fail("%zu times %zu bytes do not fit into memory", count, size);
    Pool *block = calloc(1, sizeof(Pool) + count * size);
    if (!block) fail("no memory for %zu times %zu bytes", count, size);
    block->next = *pool;
    *pool = block;
    return block->data;
}

static inline void drain(Pool **pool) {
    while (*pool) {
        Pool *block = *pool;
        *pool = block->next;
        free(block);
    }
}

typedef enum { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } JsonKind;

typedef struct Json {
    JsonKind kind;
    double number;             // of a boolean: 0 or 1
    const char *text;          // of a string: UTF-8
    struct Json *first, *next; // of an array or object, its first item; of an item, the one after it
    const char *name;          // of an object's item
    size_t count;              // of an array's or object's items
} Json;

enum { DEEPEST = 100 };

typedef struct {
    const char *at; // into text that ends with a 0
    Pool **pool;
} JsonReader;

static inline char json_next(JsonReader *in) { // past white space
    in->at += strspn(in->at, " \t\r\n");
    return *in->at;
}

static inline bool json_skip(JsonReader *in, const char *word) {
    size_t length = strlen(word);
    bool there = strncmp(in->at, word, length) == 0;
    if (there) in->at += length;
    return there;
}

static inline unsigned json_hex4(JsonReader *in) {
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = *in->at ? strchr(digits, *in->at++) : NULL;
        if (!digit) fail("JSON: \\u needs four hexadecimal digits");
        code = code * 16 + (unsigned)(digit - digits) % 16;
    }
    return code;
}

static inline char *json_utf8(char *out, unsigned code) {
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3; // bytes of six bits behind the first
    *out++ = (char)(0xFF00u >> (more + 1) | code >> 6 * more);
    while (more--) *out++ = (char)(0x80 | (code >> 6 * more & 0x3F));
    return out;
}

static inline const char *json_string(JsonReader *in) {
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *end = ++in->at;
    while (*end && *end != '"') end += end[0] == '\\' && end[1] ? 2 : 1;
    if (!*end) fail("JSON: a string does not end");
    char *text = take(in->pool, (size_t)(end - in->at) + 1, 1), *out = text; // no escape is shorter than what it means
    while (in->at < end) {
        if (*in->at != '\\') {
            *out++ = *in->at++;
            continue;
        }
        const char *escape = strchr(escapes, in->at[1]);
        in->at += 2;
        if (escape) {
            *out++ = meant[escape - escapes];
        } else if (in->at[-1] == 'u') {
            unsigned code = json_hex4(in);
            if (code >= 0xD800 && code < 0xDC00 && json_skip(in, "\\u"))
                code = 0x10000 + ((code - 0xD800) << 10) + ((json_hex4(in) - 0xDC00) & 0x3FF);
            out = json_utf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code); // half a pair is no character
        } else {
            fail("JSON: an unknown escape");
        }
    }
    in->at = end + 1;
    return text;
}

static inline Json *json_value(JsonReader *in, int depth);

// What stands between brackets.
static inline void json_items(JsonReader *in, Json *value, char end, int depth) {
    if (depth > DEEPEST) fail("JSON: deeper than %d", DEEPEST);
    Json **last = &value->first;
    in->at++;
    for (bool more = json_next(in) != end; more; more = json_next(in) == ',' && in->at++) {
        const char *name = NULL;
        if (value->kind == JSON_OBJECT) {
            if (json_next(in) != '"') fail("JSON: an object's item has no name");
            name = json_string(in);
            if (json_next(in) != ':') fail("JSON: no colon behind \"%s\"", name);
            in->at++;
        }
        *last = json_value(in, depth + 1);
        (*last)->name = name;
        last = &(*last)->next;
        value->count++;
    }
    if (*in->at != end) fail("JSON: expected , or %c", end);
    in->at++;
}

static inline Json *json_value(JsonReader *in, int depth) {
    Json *value = take(in->pool, 1, sizeof *value);
    char start = json_next(in);
    if (start == '{' || start == '[') {
        value->kind = start == '{' ? JSON_OBJECT : JSON_ARRAY;
        json_items(in, value, start == '{' ? '}' : ']', depth);
    } else if (start == '"') {
        value->kind = JSON_STRING;
        value->text = json_string(in);
    } else if (*in->at == 't' || *in->at == 'f') {
        value->kind = JSON_BOOLEAN;
        value->number = json_skip(in, "true");
        if (!value->number && !json_skip(in, "false")) fail("JSON: expected true or false");
    } else if (!json_skip(in, "null")) {
        char *end;
        value->kind = JSON_NUMBER;
        value->number = strtod(in->at, &end);
        if (end == in->at) fail("JSON: expected a value");
        in->at = end;
    }
    return value;
}

static inline Json *json_read(const char *text, Pool **pool) {
    JsonReader in = {text, pool};
    Json *value = json_value(&in, 0);
    if (json_next(&in)) fail("JSON: something stands behind the value");
    return value;
}

// An object's item of that name and kind; NULL where it is null or not there.
static inline const Json *json_get(const Json *object, const char *name, JsonKind kind) {
    const Json *item = object && object->kind == JSON_OBJECT ? object->first : NULL;
    while (item && strcmp(item->name, name) != 0) item = item->next;
    if (!item || item->kind == JSON_NULL) return NULL;
    if (item->kind != kind) fail("%s is of the wrong kind", name);
    return item;
}

static inline const Json *json_need(const Json *object, const char *name, JsonKind kind) {
    const Json *item = json_get(object, name, kind);
    if (!item) fail("%s is missing", name);
    return item;
}

static inline void json_print(const char *text) { // without the quotation marks
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') putchar('\\');
        if ((unsigned char)*text < 0x20) printf("\\u%04x", (unsigned)*text);
        else putchar(*text);
    }
}
