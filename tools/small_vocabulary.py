"""Writes neoxja_np/oracle/tokenizer_suite/small: a small vocabulary of our own with every class of row of a real one.

    python -m tools.small_vocabulary

The words are chosen by hand; the classes are named where they stand. Ids are places in the file.
"""

import json
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "neoxja_np" / "oracle" / "tokenizer_suite" / "small"

# Two and three characters, mixed. である, ですが and 日本語 stand behind a prefix of theirs, so their
# own text never reaches them; それで, なので and こども stand before theirs, so it does. 東京 stands in
# two rows: the last one counts. とうきょう is longer than any plain match may be. 猫の and 人と join
# two scripts. 𠮷野家 is three characters and four units of UTF-16.
WORDS = """
する した です から ない いる こと これ それで それ なので なの ある あり ます まし とき ところ
たち ため たい には では でも また もう まで より ほど など だけ であ である ですが こども ども
さん くん 吉野家,𠮷野家 今日 明日 昨日 天気 東京,とうきょう 日本 日本語 大学 学生 先生 学校 電車 時間 世界 科学
人間 協調 知能 慶応,慶應 渡辺,渡邊,渡邉 斎藤,斉藤,齋藤,齊藤 東京 京都 大阪 春夏 秋冬 朝食 夕食
料理 野菜 牛乳 豆腐 出身 研究 計算 言語 数学 文字 文章 意味 質問 答え 猫の 人と 犬が 山道 海辺
雨音 青空 夜空 ロボ コン ット ータ ピュ ネコ イヌ テレ ビジ ニュ ース カレ ーラ
"""
HIRAGANA = """
あ い,ゐ う,ゔ え,ゑ お か き く け こ さ し す せ そ た ち つ て と な に ぬ ね の は ひ ふ へ
ほ ま み む め も や ゆ よ ら り る れ ろ わ を ん が,か゛ ぎ,き゛ ぐ,く゛ げ ご ざ じ ず ぜ ぞ
だ ぢ づ で ど ば び ぶ べ ぼ ぱ ぴ ぷ ぺ ぽ ぁ ぃ ぅ ぇ ぉ っ ゃ ゅ ょ
"""
KATAKANA = """
ア,ｱ イ,ｲ ウ,ｳ エ,ｴ オ,ｵ カ,ｶ,ヵ キ,ｷ ク,ｸ ケ,ｹ,ヶ コ,ｺ サ シ ス セ ソ タ チ ツ テ ト ナ ニ ヌ
ネ ノ ハ ヒ フ ヘ ホ マ ミ ム メ モ ヤ ユ ヨ ラ リ ル レ ロ ワ ヲ ン ガ,カ゛,ｶﾞ ギ グ ゲ ゴ ザ ジ
ズ ゼ ゾ ダ ヂ ヅ デ ド バ ビ ブ ベ ボ パ ピ プ ペ ポ ァ ィ ゥ ェ ォ ッ ャ ュ ョ ー
"""
KANJI = """
人 一,壱,壹 二,弐 三,参 十 百 千 万,萬 円,圓 日 月 火 水 木 金 土 年 時 分 今 昨 明 朝 昼 夜 春
夏 秋 冬 東 西 南 北 山 川 海 空 雨 雪 風 花 草 森 田 町 村 市 京 都 国,國 家 店 駅 道 車 電 本
学,學 校 生 先 友 子 女 男 父 母 兄 弟 姉 妹 犬 猫 鳥 魚 馬 牛 虎 竹,𥫗 米 茶 肉 野 菜 食 飲 見 聞
読 書 話 語 言 行 来 出 入 立 休 走 歩 吾 輩 吉,𠮷 実 慶 応,應 身 協 調 知 能 機 械 計 算 気 心 手
足 目 口 耳 大 小 中 上 下 高 安 新 古 長 白 黒 赤 青
"""
FULL_WIDTH = """
、 。 「 」 ・ ！ ？ （ ） 〜 ， ０,〇 １,① ２,② ３,③ ４,④ ５,⑤ ６,⑥ ７,⑦ ８,⑧ ９,⑨ Ａ,Ⓐ Ｂ,Ⓑ
"""
# Every printable ASCII character but the space; "," is the row that one profile loses, and ' stands
# twice, as equal rows do in the real vocabulary. <3 begins like a tag and is none.
ASCII = ["<3", *(chr(code) for code in range(0x21, 0x7F)), "'"]
SYMBOLS = "△ ▲ □ ■ ☆ ★ ♪ § 〓"
TAGS = """
<BR> <SP> <TAB> <URL> <EMAIL> <TEL> <DATE> <PRICE> <BLOCK> <KIGOU> <U2000U2BFF>
"""
EMOJI_TAGS = [f"<|emoji{i}|>" for i in range(1, 13)]
BYTES = [f"<|byte{i}|>" for i in range(255)]  # UTF-8 has no byte 255
SPECIAL = "<|startoftext|> <|separator|> <|nottoken|> <|endoftext|>"

# Keys are replaced in this order, all of one key before the next: 👩 comes before 👩‍🍳 and takes its
# first part, ☺️ before ☺ and does not; (^^) stands before (^^, which would take a part of it;
# m(_ _)m holds a space, which is a tag by then, so it is never found. ␣ is a space.
EMOJI = {
    1: "😀 😃 😄 😁 😂 🙂 😊 ☺️ ☺",
    2: "🤕 😷 😢 😭",
    3: "⚽ ⚾ 🎾",
    4: "🐯 🐱 🐶 🐻 🐟",
    5: "🇯🇵 🇫🇷 🏳️‍🌈 🏴‍☠️ 🚩",
    6: "🍙 🍣 🍵 🍎",
    7: "🥁 🎹 📚 💻 📱",
    8: "🤚 👋 👩 👨 👩‍🍳 👍🏽 👍",
    9: "❤ ❤️ 💛 💕",
    10: "🟥 🔴 1️⃣ 2️⃣ ✅ ✔",
    11: "🌏 ☀️ ☀ ☔ ⛄",
    12: "(^_^) (^^) (^^ (T_T) (*_*) m(_␣_)m <(_␣_)>",
}


def main() -> None:
    words = "\n".join([WORDS, HIRAGANA, KATAKANA, KANJI, FULL_WIDTH]).split()
    rows = [*words, *ASCII, *SYMBOLS.split(), *TAGS.split(), *EMOJI_TAGS, *BYTES, *SPECIAL.split()]
    emoji = {
        "emoji": {key.replace("␣", " "): f"<|emoji{group}|>"
                  for group, keys in EMOJI.items() for key in keys.split()},
        "emoji_inv": {f"<|emoji{group}|>": keys.split()[0] for group, keys in EMOJI.items()},
    }
    files = {"vocab.txt": "\n".join(rows),
             "emoji.json": json.dumps(emoji, ensure_ascii=False, indent=1) + "\n"}
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (TARGET / name).write_text(text, encoding="utf-8", newline="")
    print(f"wrote {len(rows)} rows and {len(emoji['emoji'])} emoji to tests/{TARGET.name}/")


if __name__ == "__main__":
    main()
