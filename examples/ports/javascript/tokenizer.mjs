// The tokenizer of GPT-NeoX-Japanese in plain JavaScript, and the tokenizer suite's protocol over it.
//
//     neoxja conform tokenizer --cmd 'node examples/ports/javascript/tokenizer.mjs'
//
// A text is kept as an array of code points: a JavaScript string counts UTF-16 units, two for 𠮟 or 🐯.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const REPLACEMENTS = [ // in this order
  [" ", "<SP>"], ["\u3000", "<SP>"], ["\r\n", "<BR>"], ["\n", "<BR>"], ["\r", "<BR>"], ["\t", "<TAB>"],
  ["\u2014", "ー"], ["\u2212", "ー"],
];
const SYMBOL_RANGES = [ // code points with one token for all of a range, first and last included
  ["<KIGOU>", 0x00a1, 0x00bf], ["<KIGOU>", 0x01c0, 0x01c3], ["<KIGOU>", 0x02b9, 0x02ff],
  ["<KIGOU>", 0x0300, 0x0362], ["<U2000U2BFF>", 0x2000, 0x2bff],
];
const PLAIN_LENGTH = 3; // code points; only a tag, from a "<", may be longer
const SPECIAL = ["<|startoftext|>", "<|endoftext|>"];
const UNKNOWN = "<|endoftext|>";
const SHOWN = new Map([
  ["<SP>", " "], ["<BR>", "\n"], ["<TAB>", "\t"], ["<BLOCK>", "▀"], ["<KIGOU>", "ǀ"], ["<U2000U2BFF>", "‖"],
]);
const BYTE = /^<\|byte(1?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])\|>$/;
// What Python's str.strip() takes away: not the set of String.trim().
const STRIPPED = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder("utf-8", { ignoreBOM: true }); // ignoring it means to leave it in

class Tokenizer {
  constructor(vocabFile, emojiFile, profile) {
    this.original = profile === "original";
    this.rows = readRows(readFileSync(vocabFile, "utf-8"), this.original);
    this.ids = new Map();
    this.rows.forEach((row, id) => row.forEach((surface) => this.ids.set(surface, id))); // the last row counts
    this.longest = [...this.ids.keys()].reduce((most, surface) => Math.max(most, [...surface].length), 0);
    const emoji = JSON.parse(readFileSync(emojiFile, "utf-8"));
    this.emoji = Object.entries(emoji.emoji); // JSON.parse keeps the file's order, but for keys like "1"
    this.emojiInverse = new Map(Object.entries(emoji.emoji_inv));
  }

  encode(text) {
    const parts = this.original ? [text] : text.split(new RegExp(`(${SPECIAL.map(escapePattern).join("|")})`));
    const tokens = parts.flatMap((part) =>
      !this.original && SPECIAL.includes(part) ? [part] : this.split(this.normalize(part)));
    return tokens.map((token) => this.ids.get(token) ?? this.ids.get(UNKNOWN));
  }

  // White space, dashes and emoji, one replacement after the other: an early one can take part of a later one's text.
  normalize(text) {
    for (const [old, replacement] of [...REPLACEMENTS, ...this.emoji]) text = text.replaceAll(old, () => replacement);
    return text;
  }

  // Left to right, never back: the longest tag, or else of all surfaces that match the one with the lowest id.
  split(text) {
    const codePoints = [...text];
    const tokens = [];
    for (let start = 0; start < codePoints.length;) {
      const matching = this.candidates(codePoints, start);
      if (matching.length === 0) {
        tokens.push(...fallback(codePoints[start++]));
        continue;
      }
      const winner = this.choose(matching);
      tokens.push(winner);
      start += [...winner].length;
    }
    return tokens;
  }

  // Every surface that matches at a place, the longest first.
  candidates(codePoints, start) {
    const longest = codePoints[start] === "<" ? this.longest : PLAIN_LENGTH;
    const matching = [];
    for (let end = Math.min(codePoints.length, start + longest); end > start; end--) {
      const surface = codePoints.slice(start, end).join("");
      if (this.ids.has(surface)) matching.push(surface);
    }
    return matching;
  }

  choose(matching) {
    if (matching[0].startsWith("<") && [...matching[0]].length > 2) return matching[0];
    return matching.reduce((best, surface) => (this.ids.get(surface) < this.ids.get(best) ? surface : best));
  }

  decode(ids) {
    const parts = ids.map((id) => this.bytes(this.rows[id][0]));
    if (this.original) return fromUtf8.decode(Buffer.concat(parts));
    const text = parts.map((part) => fromUtf8.decode(part)).join(""); // profile hf: each token alone
    return text.replace(new RegExp(`^${STRIPPED}+`), "").replace(new RegExp(`${STRIPPED}+$`), "");
  }

  // What each id completes of the text, never half a character, and at last what is left over.
  stream(ids) {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return [...ids.map((id) => decoder.decode(this.bytes(this.rows[id][0]), { stream: true })), decoder.decode()];
  }

  // What a token stands for: a byte, white space, an emoji, or itself.
  bytes(token) {
    const byte = BYTE.exec(token);
    return byte ? Buffer.from([Number(byte[1])]) : utf8.encode(SHOWN.get(token) ?? this.emojiInverse.get(token) ?? token);
  }
}

// A row's surfaces stand between commas. Hugging Face loses the row "," itself, unless it ends the file.
function readRows(text, original) {
  const lines = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n").split("\n");
  const closed = lines.at(-1) === "";
  if (closed) lines.pop();
  return lines.map((row, i) =>
    row === "," && (original || (i === lines.length - 1 && !closed)) ? [row] : row.split(","));
}

// The tokens of a character that no surface matches: its range's, else its UTF-8 bytes.
function fallback(character) {
  const code = character.codePointAt(0);
  const range = SYMBOL_RANGES.find(([, first, last]) => first <= code && code <= last);
  return range ? [range[0]] : [...utf8.encode(character)].map((byte) => `<|byte${byte}|>`);
}

function escapePattern(text) {
  return text.replace(/[|\\{}()[\]^$+*?.]/g, "\\$&");
}

function toBase64(text) {
  return Buffer.from(text).toString("base64");
}

let tokenizer;
const answers = {
  start: ({ vocab_file, emoji_file, profile }) => {
    tokenizer = new Tokenizer(vocab_file, emoji_file, profile);
    return { ok: true, streams: true };
  },
  "tok.encode": ({ text }) => ({ ids: tokenizer.encode(fromUtf8.decode(Buffer.from(text, "base64"))) }),
  "tok.decode": ({ ids }) => ({ text: toBase64(tokenizer.decode(ids)) }),
  "tok.stream": ({ ids }) => ({ texts: tokenizer.stream(ids).map(toBase64) }),
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
