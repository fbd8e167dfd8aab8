"""Writes weights/tiny-ja/README.md, the model card, and its curve, from what training and evaluation left.

    python -m tools.tiny_ja.card
"""

import json
from typing import Any

from neoxja_np import GPTNeoXJapaneseForCausalLM
from neoxja_np.files import read_json
from neoxja_np.training.loop import read_log
from neoxja_np.views import draw_loss_curve
from tools.tiny_ja.evaluate import ORDER, SAMPLES, SPAN, STORIES
from tools.tiny_ja.recipe import NEW, SEEN, TARGET

TASKS = {  # from the name in evaluation.json: the goal, and how it is asked
    "capitals": ("95 %", "all 47 prefectures, in a wording that training never showed for that prefecture; right: the "
                 "city, to its last character"),
    "sums in digits": ("90 %", "every pair of summands from 0 to 49 that training never shows in any form; two sums "
                       "before it in the prompt; right: the sum, and nothing more before the next separator"),
    "sums in kanji": ("", "the same for the pairs from 1 to 20 in kanji"),
    "lists": ("98 %", "300 lists of 3 to 7 items whose first two never begin a list in training; prompt to もう一度:; right: "
              "every character of the list"),
    "names, held-out plots": ("90 %", "300 stories of six plots that training never shows; prompt to a place where a name "
                              "must follow, such as 「ありがとう、; right: the name of the one who is spoken to"),
    "names, known plots": ("", "the same in new stories of the plots of training"),
    "weekdays, months, seasons": ("", "questions in wordings that training never showed for them"),
}


def percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


def task_rows(found: dict[str, Any]) -> str:
    rows = ["| | right | cases | goal | how it is asked |", "|---|---|---|---|---|"]
    for name, (goal, how) in TASKS.items():
        each = found[name]
        rows.append(f"| {name} | {percent(each['share'])} | {each['cases']} | {goal} | {how} |")
    for name, how in (("brackets", "greedy"), ("brackets, sampled", "drawn from the whole distribution")):
        each = found[name]
        rows.append(f"| {name} | {percent(each['share'])} | {each['opened']} | {'99 %' if name == 'brackets' else ''} | "
                    f"{STORIES} stories from the first sentences of held-out ones, {how}, to the end token or the end of "
                    "the context; right: a 「 that is closed before another opens |")
    return "\n".join(rows)


def bits_rows(found: dict[str, Any]) -> str:
    rows = [f"| texts | kind | characters | tiny-ja | {ORDER}-grams | generator's choices |", "|---|---|---|---|---|---|"]
    for split, called in ((SEEN, "new texts of known plots"), (NEW, "held-out plots, pairs, wordings")):
        for kind, of in found["bits a character"][split].items():
            rows.append(f"| {called} | {kind} | {of['characters']:,.0f} | {of['model']:.3f} | {of['n-grams']:.3f} | "
                        f"{of['generator']:.3f} |")
    return "\n".join(rows)


def tokens(settings: dict[str, Any]) -> int:
    """How many a stage of training went through."""
    return int(settings["steps"] * settings["batch_size"] * settings["length"])


def card() -> str:
    found, training = read_json(TARGET / "evaluation.json"), read_json(TARGET / "training.json")
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(TARGET)
    config, lists, settings = model.config, training["settings"]["lists"], training["settings"]["corpus"]
    hours = training["seconds"] / 3600
    size = sum(path.stat().st_size for path in TARGET.iterdir() if path.name != "README.md")
    samples = "\n\n".join(f"> {sample.strip()}".replace("\n", "  \n> ") for sample in found["samples"])
    verbatim = {name: found[f"verbatim, {name}"] for name in (
        "greedy", "sampled", "the generator's own held-out stories of known plots")}
    spans = "\n".join(f"| {name} | {each['spans']:,} | {percent(each['share'])} |" for name, each in verbatim.items())
    return f"""---
language: ja
license: mit
library_name: transformers
tags: [gpt-neox-japanese, numpy, education]
---

# tiny-ja

A GPT-NeoX-Japanese of {model.num_parameters():,} parameters ({config.num_hidden_layers} layers, hidden size {config.hidden_size},
{config.num_attention_heads} heads, vocabulary {config.vocab_size}, context {config.max_position_embeddings}, head and embedding tied), trained by neoxja_np, in NumPy,
on a laptop's worth of processor, on text that a generator of this project writes. It knows a small world: stories in plain Japanese, people working
with AI, capitals, weekdays, sums, lists. It is there to be looked into: for the demo, the notebooks and the tests. It knows nothing else, and what it says
about the real world is not to be relied on.

`neoxja generate 人とAIが協調するためには、` uses it; so does `from_pretrained("tiny-ja")`. transformers loads the folder too. In all {size / 1e6:.1f} MB.

## Recipe

`make tiny-ja` makes it anew from the code alone; a run that is stopped goes on where it was. The steps of training alone took {hours:.1f} hours on two cores.

- Corpus: {found['corpus']['characters']:,} characters in {found['corpus']['tokens']:,} tokens, written by [tools/tiny_ja](../../tools/tiny_ja), each text once. Nobody wrote or
  published these texts before; there are no real people in them.
- Vocabulary: {config.vocab_size} rows by `neoxja vocabulary learn`. Both profiles read them alike.
- First {tokens(lists):,} tokens of nothing but lists and their repetition ({lists['steps']:,} steps of {lists['batch_size']} windows of {lists['length']} tokens, learning
  rate {lists['learning_rate']} falling to {lists['final_rate']} of it): among stories, a model of this size learns to copy much later.
- Then the corpus: {settings['steps']:,} steps of {settings['batch_size']} windows of {settings['length']} tokens ({tokens(settings):,} tokens), learning rate
  {settings['learning_rate']} falling to {settings['final_rate']} of it; the curve shows these steps.
- Both with AdamW ({settings['beta1']}, {settings['beta2']}), a warm-up of {settings['warmup_steps']} steps, the rate falling as a cosine, weight decay {settings['weight_decay']} on matrices,
  gradients clipped at {settings['max_norm']}, no dropout, float32; the weights with the lowest loss on new texts are kept, as fp16.

![The loss of each step and on new texts](curve.png)

## What it can do

Measured by `python -m tools.tiny_ja.evaluate` on this folder, in float32. Greedy where nothing else is said.

{task_rows(found)}

## Bits a character

Beside an interpolated Kneser-Ney model of {ORDER}-grams counted on the same tokens of the same corpus; and the bits of chance that the generator put into each text, which
no model of these very plots can be far below: that is a bound on known plots, and none on held-out ones, whose sentences are new.

{bits_rows(found)}

## Does it copy?

Spans of {SPAN} characters that stand to the letter in the training text. The generator's own new stories show how many do by nature.

| {STORIES} stories | different spans | verbatim |
|---|---|---|
{spans}

## {SAMPLES} samples, unedited

Temperature 0.8, seed 2; the first sentence of each is the prompt, from held-out plots, but for the first.

{samples}
"""


def main() -> None:
    draw_loss_curve(read_log(TARGET)).savefig(TARGET / "curve.png", dpi=80)
    (TARGET / "README.md").write_text(card(), encoding="utf-8")
    print(json.dumps({path.name: path.stat().st_size for path in sorted(TARGET.iterdir())}, indent=2))


if __name__ == "__main__":
    main()
