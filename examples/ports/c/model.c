// GPT-NeoX-Japanese in C11 with nothing but libc and libm, and the model suite's protocol over it.
//
//     cc -O2 -std=c11 -Wall -Wextra -o model examples/ports/c/*.c -lm
//     neoxja conform model --cmd ./model
//
// float32 throughout, on a little-endian machine. An array is a float *, row-major, its shape in a comment: n tokens in
// this call, M attended to, L in the whole run, D hidden size, H heads, K head size, R what rotary turns of it, F the
// MLP's inner size, V vocabulary.

#include "json.h"

#include <float.h>
#include <limits.h>

static Pool *kept;  // the model, until the next start
static Pool *asked; // a request and its answer
static Pool *work;  // what is forgotten after each layer

enum { LARGEST_SIZE = 1 << 20 }; // so that no product of sizes overflows

typedef struct {
    float *weight, *bias; // [D]
} Norm;

typedef struct {
    Norm input_norm, post_norm;
    float *query_key_value; // [H, 3, K, D]: head by head
    float *dense;           // [D, D]
    float *dense_bias;      // [D], in the last layer alone
    float *up, *down;       // [F, D], [D, F]
} Layer;

typedef struct {
    size_t vocabulary, hidden, layer_count, heads, head_size, rotary, inner;
    float eps, rotary_base;
    float (*act)(float);
    bool tied;
    float *embed_in, *embed_out; // [V, D]
    Layer *layers;               // NULL where no model is loaded
    Norm final_norm;
} Model;

typedef struct {
    const char *name;
    float *data; // [B, L, width], or with heads [B, heads, L, width]; NULL while nothing came
    size_t heads, width;
} Tap;

typedef struct {
    size_t batch, length;
    long *ids, *mask, *positions; // [B, L]
    float *keys, *values;         // [layers, H, L, K], of the text that is being read
    size_t text, start, end;      // this call: which text, and which of its tokens
    char prefix[40];              // of the taps: the layer
    Tap *taps;
    size_t tap_count;
} Run;

// ---- the layers -----------------------------------------------------------------------------------------------------

static float *floats(size_t count) { return take(&work, count, sizeof(float)); }

static float dot(const float *x, const float *y, size_t count) {
    float total = 0;
    for (size_t i = 0; i < count; i++) total += x[i] * y[i];
    return total;
}

// x [n, in], weight [out, in] -> [n, out]
static float *linear(const float *x, size_t n, const float *weight, size_t in, size_t out) {
    float *y = floats(n * out);
    for (size_t o = 0; o < out; o++)
        for (size_t t = 0; t < n; t++) y[t * out + o] = dot(x + t * in, weight + o * in, in);
    return y;
}

// x [n, D] -> [n, D]
static float *layer_norm(const float *x, size_t n, size_t D, Norm norm, float eps) {
    float *y = floats(n * D);
    for (size_t t = 0; t < n; t++) {
        const float *from = x + t * D;
        float *to = y + t * D, total = 0;
        for (size_t i = 0; i < D; i++) total += from[i];
        for (size_t i = 0; i < D; i++) to[i] = from[i] - total / (float)D;
        float root = sqrtf(dot(to, to, D) / (float)D + eps);
        for (size_t i = 0; i < D; i++) to[i] = to[i] / root * norm.weight[i] + norm.bias[i];
    }
    return y;
}

// positions [n] -> [n, R], the cosine or sine of every angle, twice over
static float *rotary_table(float (*wave)(float), const long *positions, size_t n, size_t R, float base) {
    float *table = take(&asked, n * R, sizeof *table);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < R; i++) {
            float frequency = 1 / powf(base, (float)(i % (R / 2) * 2) / (float)R);
            table[t * R + i] = wave((float)positions[t] * frequency);
        }
    return table;
}

// x [H, n, K] -> [H, n, K]: dimension i turns with i + R/2, those from R on pass
static float *turn(const float *x, size_t H, size_t n, size_t K, size_t R, const float *cos, const float *sin) {
    float *y = memcpy(floats(H * n * K), x, H * n * K * sizeof *y);
    for (size_t row = 0; row < H * n; row++)
        for (size_t i = 0; i < R; i++) {
            float partner = i < R / 2 ? -x[row * K + i + R / 2] : x[row * K + i - R / 2];
            y[row * K + i] = x[row * K + i] * cos[row % n * R + i] + partner * sin[row % n * R + i];
        }
    return y;
}

// qkv [n, H, 3, K] -> [H, n, K]: of each head the query, the key or the value
static float *part_of(const float *qkv, size_t part, size_t H, size_t n, size_t K) {
    float *y = floats(H * n * K);
    for (size_t h = 0; h < H; h++)
        for (size_t t = 0; t < n; t++)
            memcpy(y + (h * n + t) * K, qkv + ((t * H + h) * 3 + part) * K, K * sizeof *y);
    return y;
}

static void softmax(float *x, size_t count) {
    float highest = x[0], total = 0;
    for (size_t i = 1; i < count; i++) highest = fmaxf(highest, x[i]);
    for (size_t i = 0; i < count; i++) total += x[i] = expf(x[i] - highest);
    for (size_t i = 0; i < count; i++) x[i] /= total;
}

static float gelu(float x) { return x * 0.5f * (1 + erff(x * 0.70710678f)); }
static float gelu_tanh(float x) { return x * 0.5f * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x))); }
static float relu(float x) { return fmaxf(x, 0); }
static float silu(float x) { return x / (1 + expf(-x)); }

static const struct {
    const char *name;
    float (*function)(float);
} activations[] = {
    {"gelu", gelu}, {"gelu_new", gelu_tanh}, {"gelu_pytorch_tanh", gelu_tanh}, {"relu", relu}, {"silu", silu},
};

// ---- the model ------------------------------------------------------------------------------------------------------

// Keeps an activation of this call if it was asked for, and gives it back: values [n, columns], or with heads
// [heads, n, columns]. A row that is shorter than `width` ends in zeros, for the tokens to come.
static float *tap_heads(Run *run, const char *name, float *values, size_t heads, size_t columns, size_t width) {
    size_t n = run->end - run->start, blocks = heads ? heads : 1, skip = strlen(run->prefix);
    for (Tap *tap = run->taps; tap < run->taps + run->tap_count; tap++) {
        if (strncmp(tap->name, run->prefix, skip) != 0 || strcmp(tap->name + skip, name) != 0) continue;
        if (!tap->data) tap->data = take(&asked, run->batch * blocks * run->length * width, sizeof(float));
        tap->heads = heads;
        tap->width = width;
        for (size_t h = 0; h < blocks; h++)
            for (size_t t = 0; t < n; t++) {
                size_t row = (run->text * blocks + h) * run->length + run->start + t;
                memcpy(tap->data + row * width, values + (h * n + t) * columns, columns * sizeof(float));
            }
    }
    return values;
}

static float *tap(Run *run, const char *name, float *values, size_t columns) {
    return tap_heads(run, name, values, 0, columns, columns);
}

// x [n, D], cos and sin [n, R] -> [n, D]
static float *attention(const Model *model, const Layer *layer, Run *run, const float *x, const float *cos,
                        const float *sin) {
    size_t n = run->end - run->start, M = run->end, L = run->length;
    size_t D = model->hidden, H = model->heads, K = model->head_size, R = model->rotary;
    float *qkv = tap(run, "attention.query_key_value", linear(x, n, layer->query_key_value, D, 3 * D), 3 * D);
    float *query = tap_heads(run, "attention.query", part_of(qkv, 0, H, n, K), H, K, K);
    float *key = tap_heads(run, "attention.key", part_of(qkv, 1, H, n, K), H, K, K);
    float *value = tap_heads(run, "attention.value", part_of(qkv, 2, H, n, K), H, K, K);
    query = tap_heads(run, "attention.query_rotary", turn(query, H, n, K, R, cos, sin), H, K, K);
    key = tap_heads(run, "attention.key_rotary", turn(key, H, n, K, R, cos, sin), H, K, K);

    size_t cached = (size_t)(layer - model->layers) * H * L * K;
    float *keys = run->keys + cached, *values = run->values + cached; // [H, L, K]
    for (size_t h = 0; h < H; h++) {
        memcpy(keys + (h * L + run->start) * K, key + h * n * K, n * K * sizeof *keys);
        memcpy(values + (h * L + run->start) * K, value + h * n * K, n * K * sizeof *values);
    }

    float *scores = floats(H * n * M), *weights = floats(H * n * M); // [H, n, M]
    float *context = floats(H * n * K), *merged = floats(n * D);     // [H, n, K], [n, H, K]
    for (size_t h = 0; h < H; h++)
        for (size_t t = 0; t < n; t++) {
            size_t row = h * n + t;
            float *score = scores + row * M, *weight = weights + row * M, *mixed = context + row * K;
            for (size_t j = 0; j < M; j++) {
                bool seen = j <= run->start + t && run->mask[run->text * L + j];
                score[j] = dot(query + row * K, keys + (h * L + j) * K, K) / sqrtf((float)K);
                weight[j] = score[j] + (seen ? 0 : -FLT_MAX); // not -INFINITY: a row that sees nothing would be NaN
            }
            softmax(weight, M);
            for (size_t j = 0; j < M; j++)
                for (size_t k = 0; k < K; k++) mixed[k] += weight[j] * values[(h * L + j) * K + k];
            memcpy(merged + t * D + h * K, mixed, K * sizeof *mixed);
        }
    tap_heads(run, "attention.scores", scores, H, M, L);
    tap_heads(run, "attention.weights", weights, H, M, L);
    tap_heads(run, "attention.context", context, H, K, K);

    float *out = linear(merged, n, layer->dense, D, D);
    for (size_t i = 0; layer->dense_bias && i < n * D; i++) out[i] += layer->dense_bias[i % D];
    return tap(run, "attention.dense", out, D);
}

static void add_to(float *x, const float *y, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] += y[i];
}

// x [n, D], in place: attention, then the MLP, each added to the stream, one after the other
static void run_layer(const Model *model, const Layer *layer, Run *run, float *x, const float *cos, const float *sin) {
    size_t n = run->end - run->start, D = model->hidden, F = model->inner;
    float *h = tap(run, "input_layernorm", layer_norm(x, n, D, layer->input_norm, model->eps), D);
    add_to(x, attention(model, layer, run, h, cos, sin), n * D);
    tap(run, "attention_residual", x, D);

    h = tap(run, "post_attention_layernorm", layer_norm(x, n, D, layer->post_norm, model->eps), D);
    float *inner = tap(run, "mlp.dense_h_to_4h", linear(h, n, layer->up, D, F), F);
    for (size_t i = 0; i < n * F; i++) inner[i] = model->act(inner[i]);
    tap(run, "mlp.act", inner, F);
    add_to(x, tap(run, "mlp.dense_4h_to_h", linear(inner, n, layer->down, F, D), D), n * D);
    tap(run, "output", x, D);
}

// The tokens of this call, on the keys and values of those before.
static void forward(const Model *model, Run *run) {
    size_t n = run->end - run->start, first = run->text * run->length + run->start;
    size_t D = model->hidden, R = model->rotary, V = model->vocabulary;
    float *x = take(&asked, n * D, sizeof *x);
    for (size_t t = 0; t < n; t++)
        memcpy(x + t * D, model->embed_in + (size_t)run->ids[first + t] * D, D * sizeof *x);
    tap(run, "embed_in", x, D);
    float *cos = tap(run, "rotary.cos", rotary_table(cosf, run->positions + first, n, R, model->rotary_base), R);
    float *sin = tap(run, "rotary.sin", rotary_table(sinf, run->positions + first, n, R, model->rotary_base), R);

    for (size_t i = 0; i < model->layer_count; i++) {
        snprintf(run->prefix, sizeof run->prefix, "layers.%zu.", i);
        run_layer(model, model->layers + i, run, x, cos, sin);
        drain(&work);
    }
    run->prefix[0] = 0;
    x = tap(run, "final_layer_norm", layer_norm(x, n, D, model->final_norm, model->eps), D);
    tap(run, "logits", linear(x, n, model->embed_out, D, V), V);
    drain(&work);
}

// ---- the files ------------------------------------------------------------------------------------------------------

static char *read_file(const char *path, size_t *length) { // with a 0 behind it
    FILE *file = fopen(path, "rb");
    if (!file) fail("cannot open %s", path);
    long size = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
    bool readable = size >= 0 && size < LONG_MAX; // which is the size of a directory
    char *bytes = readable ? take(&asked, (size_t)size + 1, 1) : NULL;
    rewind(file);
    *length = readable ? fread(bytes, 1, (size_t)size, file) : 0;
    fclose(file);
    if (!readable || *length != (size_t)size) fail("cannot read %s", path);
    return bytes;
}

static long whole(const Json *value, const char *name, double lowest, double highest) {
    double x = value->kind == JSON_NUMBER ? value->number : NAN;
    if (!(x >= lowest && x <= highest && x == floor(x)))
        fail("%s must hold whole numbers from %.0f to %.0f", name, lowest, highest);
    return (long)x;
}

static size_t size_of(const Json *config, const char *name, size_t otherwise) {
    const Json *value = json_get(config, name, JSON_NUMBER);
    return value ? (size_t)whole(value, name, 1, LARGEST_SIZE) : otherwise;
}

static double number(const Json *object, const char *name, double otherwise) {
    const Json *value = json_get(object, name, JSON_NUMBER);
    return value ? value->number : otherwise;
}

static const char *text(const Json *object, const char *name, const char *otherwise) {
    const Json *value = json_get(object, name, JSON_STRING);
    return value ? value->text : otherwise;
}

// The sizes, from a config.json of either generation.
static Model read_config(const char *path) {
    size_t length;
    const Json *config = json_read(read_file(path, &length), &asked);
    const Json *tied = json_get(config, "tie_word_embeddings", JSON_BOOLEAN);
    const Json *rope = json_get(config, "rope_scaling", JSON_OBJECT);
    if (!rope) rope = json_get(config, "rope_parameters", JSON_OBJECT); // older: rotary_emb_base, rotary_pct
    Model model = {
        .vocabulary = size_of(config, "vocab_size", 32000),
        .hidden = size_of(config, "hidden_size", 2560),
        .layer_count = size_of(config, "num_hidden_layers", 32),
        .heads = size_of(config, "num_attention_heads", 32),
        .eps = (float)number(config, "layer_norm_eps", 1e-5),
        .rotary_base = (float)number(rope, "rope_theta", number(config, "rotary_emb_base", 10000)),
        .tied = !tied || tied->number,
    };
    model.inner = model.hidden * size_of(config, "intermediate_multiple_size", 4);
    model.head_size = model.hidden / model.heads;
    if (model.hidden % model.heads) fail("hidden_size is not divisible by num_attention_heads");

    const char *type = text(rope, "rope_type", text(rope, "type", "default"));
    if (strcmp(type, "default") != 0) fail("rope type %s is not implemented", type);
    double share = number(rope, "partial_rotary_factor", number(config, "rotary_pct", 1));
    double turned = floor((double)model.head_size * share);
    if (!(turned >= 2 && turned <= (double)model.head_size && fmod(turned, 2) == 0))
        fail("rotary cannot turn %.0f of %zu dimensions", turned, model.head_size);
    model.rotary = (size_t)turned;

    const char *act = text(config, "hidden_act", "gelu");
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        if (strcmp(activations[i].name, act) == 0) model.act = activations[i].function;
    if (!model.act) fail("hidden_act %s is not implemented", act);
    return model;
}

static float from_f64(const char *bytes) {
    double x;
    memcpy(&x, bytes, sizeof x);
    return (float)x;
}

static float from_f32(const char *bytes) {
    float x;
    memcpy(&x, bytes, sizeof x);
    return x;
}

static float from_bf16(const char *bytes) { // the upper half of a float32
    return from_f32((const char[]){0, 0, bytes[0], bytes[1]});
}

static float from_f16(const char *bytes) {
    uint16_t bits;
    memcpy(&bits, bytes, sizeof bits);
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float size = exponent ? ldexpf((float)(1024 + fraction), exponent - 25) : ldexpf((float)fraction, -24);
    if (exponent == 31) size = fraction ? NAN : INFINITY;
    return bits >> 15 ? -size : size;
}

static const struct {
    const char *name;
    size_t size;
    float (*read)(const char *bytes);
} dtypes[] = {{"F64", 8, from_f64}, {"F32", 4, from_f32}, {"BF16", 2, from_bf16}, {"F16", 2, from_f16}};

// A safetensors file: the length of a JSON header, the header, the numbers.
typedef struct {
    const Json *header;
    const char *numbers;
    size_t size;
    char prefix[60]; // of the tensors that are being read
} Tensors;

static Tensors read_tensors(const char *path) {
    size_t size;
    uint64_t length = 0;
    const char *bytes = read_file(path, &size);
    if (size >= 8) memcpy(&length, bytes, 8);
    if (size < 8 || length > size - 8) fail("%s is shorter than its header", path);
    char *header = memcpy(take(&asked, (size_t)length + 1, 1), bytes + 8, (size_t)length);
    return (Tensors){json_read(header, &asked), bytes + 8 + length, size - 8 - (size_t)length, ""};
}

// A tensor [rows, columns], or where rows are 0 [columns], as float32.
static float *tensor(const Tensors *file, const char *suffix, size_t rows, size_t columns) {
    char name[128];
    snprintf(name, sizeof name, "%s%s", file->prefix, suffix);
    const Json *entry = json_need(file->header, name, JSON_OBJECT);
    const Json *shape = json_need(entry, "shape", JSON_ARRAY), *size = shape->first;
    bool fits = shape->count == (rows ? 2 : 1) && (!rows || size->number == (double)rows);
    if (fits && rows) size = size->next;
    if (!fits || size->number != (double)columns) fail("wrong shape: %s, expected [%zu, %zu]", name, rows, columns);

    size_t kind = 0, kinds = sizeof dtypes / sizeof *dtypes, count = (rows ? rows : 1) * columns;
    const char *dtype = json_need(entry, "dtype", JSON_STRING)->text;
    while (kind < kinds && strcmp(dtypes[kind].name, dtype) != 0) kind++;
    if (kind == kinds) fail("wrong dtype: %s is %s", name, dtype);
    const Json *offsets = json_need(entry, "data_offsets", JSON_ARRAY);
    if (offsets->count != 2) fail("%s needs two offsets", name);
    long first = whole(offsets->first, name, 0, (double)file->size);
    long last = whole(offsets->first->next, name, (double)first, (double)file->size);
    if ((size_t)(last - first) != count * dtypes[kind].size) fail("%s does not fill its place", name);

    float *numbers = take(&kept, count, sizeof *numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = dtypes[kind].read(file->numbers + first + i * dtypes[kind].size);
    return numbers;
}

static Norm norm(const Tensors *file, const char *name, size_t D) {
    char weight[60], bias[60];
    snprintf(weight, sizeof weight, "%s.weight", name);
    snprintf(bias, sizeof bias, "%s.bias", name);
    return (Norm){tensor(file, weight, 0, D), tensor(file, bias, 0, D)};
}

static Model load(const char *config_file, const char *weights_file) {
    Model model = read_config(config_file);
    Tensors file = read_tensors(weights_file);
    size_t D = model.hidden, F = model.inner, V = model.vocabulary, last = model.layer_count - 1;
    model.layers = take(&kept, model.layer_count, sizeof *model.layers);
    for (size_t i = 0; i <= last; i++) {
        snprintf(file.prefix, sizeof file.prefix, "gpt_neox_japanese.layers.%zu.", i);
        model.layers[i] = (Layer){
            .input_norm = norm(&file, "input_layernorm", D),
            .query_key_value = tensor(&file, "attention.query_key_value.weight", 3 * D, D),
            .dense = tensor(&file, "attention.dense.weight", D, D),
            .dense_bias = i == last ? tensor(&file, "attention.dense_bias", 0, D) : NULL,
            .post_norm = norm(&file, "post_attention_layernorm", D),
            .up = tensor(&file, "mlp.dense_h_to_4h.weight", F, D),
            .down = tensor(&file, "mlp.dense_4h_to_h.weight", D, F),
        };
    }
    snprintf(file.prefix, sizeof file.prefix, "gpt_neox_japanese.");
    model.embed_in = tensor(&file, "embed_in.weight", V, D);
    model.final_norm = norm(&file, "final_layer_norm", D);
    file.prefix[0] = 0;
    bool stored = json_get(file.header, "embed_out.weight", JSON_OBJECT);
    model.embed_out = model.tied && !stored ? model.embed_in : tensor(&file, "embed_out.weight", V, D);
    return model;
}

// ---- the protocol ---------------------------------------------------------------------------------------------------

static Model model; // without layers until one was started

static void answer_start(const Json *request) {
    drain(&kept);
    model = (Model){0};
    const Json *config_file = json_need(request, "config_file", JSON_STRING);
    model = load(config_file->text, json_need(request, "weights_file", JSON_STRING)->text);
    printf("{\"ok\":true,\"dtype\":\"float32\"}\n");
}

// [B, L] of whole numbers
static long *read_table(const Json *request, const char *name, size_t B, size_t L, double lowest, double highest) {
    const Json *rows = json_need(request, name, JSON_ARRAY);
    long *table = take(&asked, B * L, sizeof *table), *next = table;
    if (rows->count != B) fail("%s must have %zu rows", name, B);
    for (const Json *row = rows->first; row; row = row->next) {
        if (row->kind != JSON_ARRAY || row->count != L) fail("%s must have rows of %zu numbers", name, L);
        for (const Json *value = row->first; value; value = value->next) *next++ = whole(value, name, lowest, highest);
    }
    return table;
}

static void print_base64(const void *data, size_t length) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i += 3) {
        uint32_t three = 0;
        for (size_t j = 0; j < 3; j++) three = three << 8 | (i + j < length ? bytes[i + j] : 0u);
        for (size_t j = 0; j < 4; j++) putchar(i + j > length ? '=' : digits[three >> (18 - 6 * j) & 63]);
    }
}

static void print_taps(const Run *run) {
    const char *comma = "";
    printf("{\"taps\":{");
    for (const Tap *tap = run->taps; tap < run->taps + run->tap_count; tap++) {
        if (!tap->data) continue; // there is no such activation
        printf("%s\"%s\":{\"dtype\":\"float32\",\"shape\":[%zu,", comma, tap->name, run->batch);
        if (tap->heads) printf("%zu,", tap->heads);
        printf("%zu,%zu],\"data\":\"", run->length, tap->width);
        print_base64(tap->data, run->batch * (tap->heads ? tap->heads : 1) * run->length * tap->width * sizeof(float));
        printf("\"}");
        comma = ",";
    }
    printf("}}\n");
}

static void answer_run(const Json *request) {
    const Json *ids = json_need(request, "input_ids", JSON_ARRAY), *names = json_need(request, "taps", JSON_ARRAY);
    const Json *cuts = json_need(request, "cuts", JSON_ARRAY);
    if (!model.layers) fail("no model was started");
    if (!ids->count || !ids->first->count) fail("input_ids holds no token");
    size_t B = ids->count, L = ids->first->count, cached = model.layer_count * L * model.hidden;
    Run run = {
        .batch = B,
        .length = L,
        .ids = read_table(request, "input_ids", B, L, 0, (double)model.vocabulary - 1),
        .mask = read_table(request, "attention_mask", B, L, 0, 1),
        .positions = read_table(request, "position_ids", B, L, INT32_MIN, INT32_MAX),
        .keys = take(&asked, cached, sizeof(float)),
        .values = take(&asked, cached, sizeof(float)),
        .taps = take(&asked, names->count, sizeof(Tap)),
    };
    for (const Json *name = names->first; name; name = name->next) {
        if (name->kind != JSON_STRING) fail("taps must hold strings");
        run.taps[run.tap_count++].name = name->text;
    }
    for (; run.text < B; run.text++) {
        run.end = 0;
        for (const Json *cut = cuts->first; run.end < L; cut = cut ? cut->next : NULL) {
            run.start = run.end;
            run.end = cut ? (size_t)whole(cut, "cuts", (double)run.start + 1, (double)L - 1) : L;
            forward(&model, &run);
        }
    }
    print_taps(&run);
}

static char *read_line(FILE *file) { // NULL behind the last
    size_t size = 0, room = 256;
    char *line = take(&asked, room, 1);
    for (int next; (next = getc(file)) != '\n'; line[size++] = (char)next) {
        if (next == EOF) return NULL;
        if (size + 1 < room) continue;
        line = memcpy(take(&asked, 2 * room, 1), line, room);
        room *= 2;
    }
    return line;
}

// Answers one line; false where it was the last.
static bool answer(void) {
    drain(&asked);
    drain(&work);
    if (setjmp(failed)) {
        printf("{\"errored\":\"");
        json_print(failure);
        printf("\"}\n");
        return true;
    }
    const char *line = read_line(stdin);
    if (!line) return false;
    const Json *request = json_read(line, &asked);
    const char *op = json_need(request, "op", JSON_STRING)->text;
    if (strcmp(op, "start") == 0) {
        answer_start(request);
    } else if (strcmp(op, "run") == 0) {
        answer_run(request);
    } else if (strcmp(op, "stop") == 0) {
        printf("{\"ok\":true}\n");
        return false;
    } else {
        printf("{\"skipped\":\"no ");
        json_print(op);
        printf(" here\"}\n");
    }
    return true;
}

int main(void) {
    while (answer()) fflush(stdout);
    drain(&asked);
    drain(&kept);
}
