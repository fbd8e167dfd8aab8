"""Writes weights/tiny-ja/README.md, the model card, and its curve, from what training and evaluation left.

    python -m tools.tiny_ja.card
"""

import json
from typing import Any

from neoxja_np import GPTNeoXJapaneseForCausalLM
from neoxja_np.files import read_json
from neoxja_np.training.loop import read_log
from neoxja_np.views import draw_loss_curve
from tools.tiny_ja.evaluate import KNOWN, NEW, ORDER, SAMPLES, SEED, SPAN, STORIES, TEMPERATURE
from tools.tiny_ja.recipe import TARGET

MISSED = {"lists", "names, held-out plots", "brackets, greedy", "brackets, sampled"}  # of the goals
GOALS = {"capitals": 0.95, "sums in digits": 0.9, "lists": 0.98, "names, held-out plots": 0.9, "brackets, greedy": 0.99,
         "brackets, sampled": 0.99}
TASKS = {  # from the name in evaluation.json: how it is asked
    "capitals": "all 47 prefectures, each in the one wording in which training never asked for its capital; right: the city, to its "
                "last character",
    "sums in digits": "every pair of summands from 0 to 49 that training never shows in any form, in both orders; three sums of "
                      "training before it in the prompt; right: the sum, and nothing more before the next separator",
    "sums in kanji": "the same for the pairs from 1 to 49, in kanji",
    "lists": "300 lists of 3 to 7 items whose first two never begin a list in training; prompt to もう一度:; right: every "
             "character of the list",
    "names, held-out plots": "300 stories of six plots that training never shows; prompt to a place where a name must follow, such as "
                             "「ありがとう、; right: the name of the one who is spoken to. A rule that takes the last name but "
                             "the very last is right in {guessed}",
    "names, plots written last": "the same in three plots that were not looked at while the texts of training were written; the rule is right in {guessed}",
    "names, known plots": "the same in new stories of the plots of training; the rule is right in {guessed}",
    "names, new successions": "the same in 300 stories put together from events, in an event that in training never comes straight behind the "
                              "one before it; the rule is right in {guessed}",
    "weekdays, months, seasons": "questions in wordings that training never showed for them",
}


def percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


def task_rows(found: dict[str, Any]) -> str:
    rows = ["| | right | cases | goal | how it is asked |", "|---|---|---|---|---|"]
    for name, how in TASKS.items():
        each, goal = found[name], percent(GOALS[name]) if name in GOALS else ""
        how = how.format(guessed=percent(each.get("guessed", 0)))
        rows.append(f"| {name} | {percent(each['share'])} | {each['cases']} | {goal} | {how} |")
    for way, how in (("greedy", "greedy"), ("sampled", "drawn from the whole distribution")):
        each = found["brackets"][way]
        rows.append(f"| brackets, {way} | {percent(each['share'])} | {each['opened']} | {percent(GOALS['brackets, ' + way])} | {STORIES} stories "
                    f"from the first sentences of held-out ones, {how}, to the end token or the end of the context; right: a 「 that "
                    f"is closed before another opens. 」 without a 「: {each['closed without an opening']} |")
    return "\n".join(rows)


def missed() -> str:
    """Which goals are not reached."""
    return f"\nBelow their goals: {'; '.join(sorted(MISSED))}.\n" if MISSED else ""


def bits_rows(found: dict[str, Any]) -> str:
    rows = [f"| texts | kind | characters | tiny-ja | {ORDER}-grams | generator's choices |", "|---|---|---|---|---|---|"]
    for split, called in ((KNOWN, "new texts of known plots"), (NEW, "held-out plots, pairs, wordings")):
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
    config, stages = model.config, training["settings"]
    lists, settings = stages["lists"], stages["corpus"]
    texts = found["corpus"]
    hours = training["seconds"] / 3600
    size = sum(path.stat().st_size for path in TARGET.iterdir() if path.name != "README.md")
    samples = "\n\n".join(f"> {sample.strip()}".replace("\n", "  \n> ") for sample in found["samples"])
    spans = "\n".join(f"| {name} | {each['spans']:,} | {percent(each['share'])} |" for name, each in found["verbatim"].items())
    return f"""---
language: ja
license: mit
library_name: transformers
tags: [gpt-neox-japanese, numpy, education]
---

# tiny-ja

A GPT-NeoX-Japanese of {model.num_parameters():,} parameters ({config.num_hidden_layers} layers, hidden size {config.hidden_size},
{config.num_attention_heads} heads, vocabulary {config.vocab_size}, context {config.max_position_embeddings}, head and embedding tied), trained by neoxja_np, in NumPy,
on two processor cores, on text that a generator of this project writes. It knows a small world: stories in plain Japanese, people who meet,
people working with AI, capitals, weekdays, sums, lists. It is there to be looked into: for the demo, the notebooks and the tests. It knows nothing else, and what it says
about the real world is not to be relied on.

`neoxja generate 人とAIが協調するためには、` uses it; so does `from_pretrained("tiny-ja")`. transformers loads the folder too. In all {size / 1e6:.1f} MB.

## Recipe

`make tiny-ja` makes it anew from the code alone; a run that is stopped goes on where it was. At the median speed of its steps training takes {hours:.2f} hours on two
cores, and the evaluation {found['seconds'] / 60:.0f} minutes.

- Corpus: {texts['corpus']['texts']:,} texts of {texts['corpus']['characters']:,} characters, {texts['corpus']['tokens']:,} tokens, written by [tools/tiny_ja](../../tools/tiny_ja). Nobody
  wrote or published these texts before; there are no real people in them.
- Vocabulary: {config.vocab_size} rows by `neoxja vocabulary learn`. Both profiles read them alike.
- First {tokens(lists):,} tokens of nothing but lists and their repetition ({lists['steps']:,} steps of {lists['batch_size']} windows of {lists['length']} tokens, learning
  rate {lists['learning_rate']} falling to {lists['final_rate']} of it): among stories, a model of this size learns to copy much later.
- Then the corpus, from the last weights of the lists: {settings['steps']:,} steps of {settings['batch_size']} windows of {settings['length']} tokens ({tokens(settings):,}
  tokens), learning rate {settings['learning_rate']} falling to {settings['final_rate']} of it. Every window begins where a text does, drawn by chance: {percent(texts['corpus']['trained on'])} of
  the tokens were in one at least once. The weights with the lowest loss on new texts of known plots are kept, as fp16.
- All with AdamW ({settings['beta1']}, {settings['beta2']}), a warm-up of {settings['warmup_steps']} steps, the rate falling as a cosine, weight decay {settings['weight_decay']} on matrices,
  gradients clipped at {settings['max_norm']}, no dropout, float32.

![The loss on the corpus, means of a few steps, and on new texts](curve.png)

## What it can do

Measured by `python -m tools.tiny_ja.evaluate` on this folder, in float32. Greedy where nothing else is said.

{task_rows(found)}
{missed()}
Stories of training are plots, told in many ways, and stories put together from events, one in ten successions of two events held out. The kinds of text were chosen after it had
been seen which names an earlier model had wrong in the held-out plots, and they speak of some of the same things, such as thanks and comfort. The plots written last were
not looked at meanwhile. Who is spoken to in a plot of another make this model has not learned to tell: in the held-out plots it is right about as often as the rule, which reads
nothing, in those written last less often. Where events follow each other in a new order it knows.

## Bits a character

Beside an interpolated Kneser-Ney model of {ORDER}-grams counted on all texts of training, and the bits of chance that the generator put into each text. These are an upper bound on the
entropy of the texts: a perfect model of the generator needs no more, and less where different choices give the same text. On held-out plots they bind nobody: what is drawn there was
never seen. New texts, each behind a short text with its end token, with its own end token, if it fits the context.

{bits_rows(found)}

## Does it copy?

Spans of {SPAN} characters that stand to the letter in the texts of training, among the different ones of {STORIES} stories behind their first sentence. tiny-ja goes on from first sentences of
held-out plots; the generator's own stories show how much of a new story is old by nature.

| {STORIES} stories | different spans | verbatim |
|---|---|---|
{spans}

## {SAMPLES} samples, unedited

Temperature {TEMPERATURE}, seed {SEED}; the first sentence of each is the prompt, from held-out plots, but for the first.

{samples}
"""


def main() -> None:
    draw_loss_curve(read_log(TARGET)).save(TARGET / "curve.png", dpi=80)
    (TARGET / "README.md").write_text(card(), encoding="utf-8")
    print(json.dumps({path.name: path.stat().st_size for path in sorted(TARGET.iterdir())}, indent=2))


if __name__ == "__main__":
    main()
