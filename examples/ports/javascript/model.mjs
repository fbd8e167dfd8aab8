// GPT-NeoX-Japanese in plain JavaScript, and the model suite's protocol over it.
//
//     neoxja conform model --cmd 'node examples/ports/javascript/model.mjs'
//
// float64 throughout. An activation is one vector for each token, or for each token and head; a tap keeps it under its
// name and gives it back. B texts of L tokens, D the hidden size, H heads of size K, a vocabulary of V.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const DEFAULTS = {
  vocab_size: 32000, hidden_size: 2560, num_hidden_layers: 32, num_attention_heads: 32, intermediate_multiple_size: 4,
  hidden_act: "gelu", layer_norm_eps: 1e-5, tie_word_embeddings: true,
};
const LOWEST = -Number.MAX_VALUE; // not -Infinity: a row that may see nothing gets equal weights, and no NaN

// ---- vectors

const sum = (x) => x.reduce((total, value) => total + value, 0);
const product = (x) => x.reduce((total, value) => total * value, 1);
const dot = (x, y) => x.reduce((total, value, i) => total + value * y[i], 0);
const add = (x, y) => x.map((value, i) => value + y[i]);

function linear(x, weight) { // [out, in]
  const out = new Float64Array(weight.length / x.length);
  return out.map((_, o) => {
    let total = 0;
    for (let i = 0, at = o * x.length; i < x.length; i++, at++) total += x[i] * weight[at];
    return total;
  });
}

function layerNorm(x, { weight, bias }, eps) {
  const mean = sum(x) / x.length;
  const centred = x.map((value) => value - mean);
  const deviation = Math.sqrt(dot(centred, centred) / x.length + eps);
  return centred.map((value, i) => (value / deviation) * weight[i] + bias[i]);
}

// float32 at every step: so Hugging Face computes the angles, whatever the model's dtype.
function rotaryTable(position, dims, base) {
  const f32 = Math.fround;
  const angles = Float64Array.from({ length: dims }, (_, i) => {
    const exponent = f32((2 * (i % (dims / 2))) / dims);
    return f32(f32(position) * f32(1 / f32(f32(base) ** exponent)));
  });
  return { cos: angles.map((angle) => f32(Math.cos(angle))), sin: angles.map((angle) => f32(Math.sin(angle))) };
}

// Each dimension of the first half of those that turn is paired with one of the second half; the rest pass.
function turn(x, { cos, sin }) {
  const half = cos.length / 2;
  const partner = (i) => (i < half ? -x[i + half] : x[i - half]);
  return x.map((value, i) => (i < cos.length ? value * cos[i] + partner(i) * sin[i] : value));
}

function softmax(x) {
  const highest = x.reduce((most, value) => Math.max(most, value));
  const shares = x.map((value) => Math.exp(value - highest));
  const total = sum(shares);
  return shares.map((share) => share / total);
}

function blend(vectors, shares) {
  return vectors[0].map((_, k) => vectors.reduce((total, vector, j) => total + shares[j] * vector[k], 0));
}

// Near zero a series of terms of one sign; further out a continued fraction for what is missing from 1.
function erf(x) {
  const size = Math.abs(x);
  const bell = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (size < 2) {
    let total = 0;
    for (let n = 1, term = 2 * x; total + term !== total; term *= (2 * x * x) / (2 * n++ + 1)) total += term;
    return bell * total;
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - bell / fraction);
}

const geluTanh = (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const ACTIVATIONS = {
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)), gelu_new: geluTanh, gelu_pytorch_tanh: geluTanh,
  relu: (x) => Math.max(x, 0), silu: (x) => x / (1 + Math.exp(-x)),
};

// ---- the model

class Model {
  constructor({ config_file, weights_file }) {
    this.config = readConfig(config_file);
    const { vocab_size: V, hidden_size: D, num_hidden_layers: layers, intermediate_multiple_size: times } = this.config;
    const { tensor, has } = readTensors(weights_file);
    const get = (name, ...shape) => tensor(`gpt_neox_japanese.${name}`, shape);
    const norm = (name) => ({ weight: get(`${name}.weight`, D), bias: get(`${name}.bias`, D) });
    this.embedIn = get("embed_in.weight", V, D);
    this.layers = Array.from({ length: layers }, (_, i) => ({
      inputNorm: norm(`layers.${i}.input_layernorm`),
      queryKeyValue: get(`layers.${i}.attention.query_key_value.weight`, 3 * D, D),
      dense: get(`layers.${i}.attention.dense.weight`, D, D),
      denseBias: i === layers - 1 ? get(`layers.${i}.attention.dense_bias`, D) : new Float64Array(D),
      postNorm: norm(`layers.${i}.post_attention_layernorm`),
      up: get(`layers.${i}.mlp.dense_h_to_4h.weight`, times * D, D),
      down: get(`layers.${i}.mlp.dense_4h_to_h.weight`, D, times * D),
    }));
    this.finalNorm = norm("final_layer_norm");
    const tied = this.config.tie_word_embeddings && !has("embed_out.weight");
    this.embedOut = tied ? this.embedIn : tensor("embed_out.weight", [V, D]);
  }

  // The next tokens of a text, on the keys and values of those before; attentionMask is for all of them.
  forward(ids, positions, attentionMask, caches, tap) {
    const { hidden_size: D, layer_norm_eps: eps, rotaryDims, rotaryBase } = this.config;
    const past = attentionMask.length - ids.length;
    const masks = ids.map((_, t) => attentionMask.map((real, j) => (real && j <= past + t ? 0 : LOWEST)));
    const tables = positions.map((position) => rotaryTable(position, rotaryDims, rotaryBase));
    tables.forEach(({ cos, sin }, t) => { tap("rotary.cos", t, cos); tap("rotary.sin", t, sin); });
    let stream = ids.map((id, t) => tap("embed_in", t, this.embedIn.subarray(id * D, (id + 1) * D)));
    this.layers.forEach((weights, i) => {
      const tapLayer = (name, t, vector, head) => tap(`layers.${i}.${name}`, t, vector, head);
      stream = this.layer(stream, weights, tables, masks, caches[i], tapLayer);
    });
    stream.forEach((x, t) =>
      tap("logits", t, linear(tap("final_layer_norm", t, layerNorm(x, this.finalNorm, eps)), this.embedOut)));
  }

  // Attention, then the MLP: each is added to the stream, one after the other.
  layer(stream, weights, tables, masks, cache, tap) {
    const { layer_norm_eps: eps, hidden_act } = this.config;
    const normed = stream.map((x, t) => tap("input_layernorm", t, layerNorm(x, weights.inputNorm, eps)));
    const mixed = this.attention(normed, weights, tables, masks, cache, tap);
    return stream.map((before, t) => {
      const x = tap("attention_residual", t, add(before, mixed[t]));
      const h = tap("post_attention_layernorm", t, layerNorm(x, weights.postNorm, eps));
      const inner = tap("mlp.dense_h_to_4h", t, linear(h, weights.up));
      const bent = tap("mlp.act", t, inner.map(ACTIVATIONS[hidden_act]));
      return tap("output", t, add(x, tap("mlp.dense_4h_to_h", t, linear(bent, weights.down))));
    });
  }

  attention(stream, weights, tables, masks, cache, tap) {
    const K = this.config.headSize;
    const queries = stream.map((x, t) => {
      const qkv = tap("attention.query_key_value", t, linear(x, weights.queryKeyValue));
      return cache.map(({ keys, values }, h) => {
        const [query, key, value] = ["query", "key", "value"].map((name, i) => // which stand together, head by head
          tap(`attention.${name}`, t, qkv.subarray((3 * h + i) * K, (3 * h + i + 1) * K), h));
        keys.push(tap("attention.key_rotary", t, turn(key, tables[t]), h));
        values.push(value);
        return tap("attention.query_rotary", t, turn(query, tables[t]), h);
      });
    });
    return queries.map((heads, t) => {
      const contexts = heads.map((query, h) => {
        const scores = tap("attention.scores", t, cache[h].keys.map((key) => dot(query, key) / Math.sqrt(K)), h);
        const shares = tap("attention.weights", t, softmax(add(scores, masks[t])), h);
        return tap("attention.context", t, blend(cache[h].values, shares), h);
      });
      const merged = contexts.flatMap((context) => [...context]);
      return tap("attention.dense", t, add(linear(merged, weights.dense), weights.denseBias));
    });
  }

  // The activations asked for, of a batch of texts, each run in calls that begin where `cuts` says.
  run({ input_ids, attention_mask, position_ids, cuts, taps }) {
    const { num_attention_heads: H, vocab_size: V } = this.config;
    const [B, L] = [input_ids.length, input_ids[0].length];
    const bounds = [0, ...cuts, L];
    refuseIf(![input_ids, attention_mask, position_ids].every((rows) =>
      rows.length === B && rows.every((row) => row.length === L)), "the three arrays differ in shape");
    refuseIf(!input_ids.flat().every((id) => Number.isInteger(id) && id >= 0 && id < V), `ids go from 0 to ${V - 1}`);
    refuseIf(!bounds.every((bound, i) => i === 0 || bounds[i - 1] < bound), `cuts [${cuts}] do not fit ${L} tokens`);
    const record = new Record(taps, B, H, L);
    for (let b = 0; b < B; b++) {
      const caches = this.layers.map(() => Array.from({ length: H }, () => ({ keys: [], values: [] })));
      bounds.slice(1).forEach((end, i) => {
        const start = bounds[i];
        this.forward(input_ids[b].slice(start, end), position_ids[b].slice(start, end),
          attention_mask[b].slice(0, end), caches, (name, t, vector, h) => record.keep(name, b, start + t, vector, h));
      });
    }
    return record.arrays;
  }
}

// The activations asked for, put together from their vectors: [B, L, n], or [B, H, L, n] where there are heads.
class Record {
  constructor(names, B, H, L) {
    Object.assign(this, { B, H, L, arrays: new Map(names.map((name) => [name, undefined])) });
  }

  keep(name, b, t, vector, h) {
    if (!this.arrays.has(name)) return vector;
    const { B, H, L, arrays } = this;
    const width = /\.(scores|weights)$/.test(name) ? L : vector.length; // those end early: 0 for tokens to come
    const shape = h === undefined ? [B, L, width] : [B, H, L, width];
    if (!arrays.get(name)) arrays.set(name, { shape, data: new Float64Array(product(shape)) });
    arrays.get(name).data.set(vector, ((h === undefined ? b : b * H + h) * L + t) * width);
    return vector;
  }
}

// ---- the files

function readConfig(file) {
  const config = { ...DEFAULTS, ...JSON.parse(readFileSync(file, "utf-8")) };
  const rope = config.rope_scaling || config.rope_parameters || {}; // older files have rotary_emb_base and rotary_pct
  const ropeType = rope.rope_type ?? rope.type ?? "default";
  const headSize = config.hidden_size / config.num_attention_heads;
  const rotaryDims = Math.trunc(headSize * (rope.partial_rotary_factor ?? config.rotary_pct ?? 1));
  const rotaryBase = rope.rope_theta ?? config.rotary_emb_base ?? 10000;
  refuseIf(ropeType !== "default", `rope type ${ropeType} is not implemented`);
  refuseIf(!Object.hasOwn(ACTIVATIONS, config.hidden_act), `hidden_act ${config.hidden_act} is not implemented`);
  refuseIf(!Number.isInteger(headSize), "hidden_size is not divisible by num_attention_heads");
  refuseIf(rotaryDims % 2 !== 0 || rotaryDims < 2 || rotaryDims > headSize,
    `rotary cannot turn ${rotaryDims} of ${headSize} dimensions`);
  return { ...config, headSize, rotaryDims, rotaryBase };
}

// A safetensors file: the length of a JSON header, the header, the numbers.
function readTensors(file) {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf-8", 8, start));
  const readers = {
    F64: (at) => bytes.readDoubleLE(at),
    F32: (at) => bytes.readFloatLE(at),
    F16: (at) => shortFloat(bytes.readUInt16LE(at), 5, 10),
    BF16: (at) => shortFloat(bytes.readUInt16LE(at), 8, 7),
  };
  const has = (name) => Object.hasOwn(header, name);
  function tensor(name, shape) {
    refuseIf(!has(name), `missing: ${name}`);
    const { dtype, shape: stored, data_offsets: [first, end] } = header[name];
    refuseIf(String(stored) !== String(shape), `wrong shape: ${name} is [${stored}], expected [${shape}]`);
    refuseIf(!Object.hasOwn(readers, dtype), `wrong dtype: ${name} is ${dtype}`);
    const size = (end - first) / product(shape); // of a number, in bytes
    return Float64Array.from({ length: product(shape) }, (_, i) => readers[dtype](start + first + i * size));
  }
  return { tensor, has };
}

// A float of 16 bits: sign, exponent, fraction.
function shortFloat(bits, exponentBits, fractionBits) {
  const highest = 2 ** exponentBits - 1;
  const exponent = (bits >> fractionBits) & highest;
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const sign = bits >> 15 ? -1 : 1;
  if (exponent === highest) return fraction ? NaN : sign * Infinity;
  const bias = highest >> 1;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - bias) : fraction * 2 ** (1 - bias));
}

function refuseIf(wrong, why) {
  if (wrong) throw new Error(why);
}

// ---- the protocol

let model;
const answers = {
  start: (asked) => {
    model = new Model(asked);
    return { ok: true, dtype: "float64" };
  },
  run: (asked) => {
    refuseIf(!model, "no model was started");
    const arrays = [...model.run(asked)].filter(([, array]) => array); // what is left out is no activation
    return { taps: Object.fromEntries(arrays.map(([name, { shape, data }]) =>
      [name, { dtype: "float64", shape, data: Buffer.from(data.buffer).toString("base64") }])) };
  },
  stop: () => ({ ok: true }),
};

function answer(asked) {
  if (!Object.hasOwn(answers, asked.op)) return { skipped: `no ${asked.op} here` };
  try {
    return answers[asked.op](asked);
  } catch (error) {
    return { errored: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  process.stdout.write(JSON.stringify(answer(asked)) + "\n");
  if (asked.op === "stop") break;
}
process.stdin.destroy(); // else Node would wait for more
