"""Lists and their repetition after もう一度: held out are pairs of first items."""

import zlib
from collections.abc import Callable

from tools.tiny_ja.draw import Draw, Probe, Text

AGAIN = "もう一度:"
# between two items, and between the list and AGAIN
LAYOUTS = [(8, ("、", "")), (1, ("・", "")), (1, ("\n", "\n"))]


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


THINGS = words("""
机 いす 本棚 時計 かばん 帽子 靴 傘 手袋 鏡 箱 びん 皿 茶わん はし なべ やかん スプーン フォーク 包丁 鉛筆 消しゴム 定規
はさみ のり 筆 紙 ノート 絵本 辞書 地図 手紙 切手 はがき 写真 絵 人形 ボール こま たこ 積み木 折り紙 太鼓 笛 ピアノ ギター
バイオリン すず 鐘 ラジオ 電話 カメラ めがね 望遠鏡 電池 ろうそく ランプ マッチ 糸 針 ボタン 布 毛布 まくら 布団 カーテン 窓
ドア 階段 屋根 煙突 門 柱 かぎ ほうき ばけつ ぞうきん せっけん タオル 歯ブラシ くし つめ切り 車 バス 電車 船 自転車 飛行機
トラック 汽車 気球 ロケット そり 石 岩 貝がら 羽根 葉っぱ 枝 木の実 どんぐり 松ぼっくり 花 草 種 切り株 橋 塔 城 小屋 家
ベンチ ぶらんこ すべり台 花びん 植木鉢 じょうろ くぎ 金づち のこぎり はしご ロープ 網 釣りざお テント 水筒 弁当箱 リュック
マフラー コート シャツ ズボン 靴下 着物 帯 うちわ 扇子 風鈴 ちょうちん 旗 看板 切符 財布 指輪 王冠 宝箱
""")
ANIMALS = words("""
犬 ねこ うさぎ きつね たぬき くま さる しか いのしし りす ねずみ 馬 牛 ひつじ やぎ ぶた ぞう きりん しまうま ライオン とら
パンダ ラクダ かば さい コアラ カンガルー ペンギン すずめ はと からす つばめ にわとり あひる 白鳥 つる わし たか ふくろう
きつつき かめ へび かえる とかげ わに 金魚 めだか こい まぐろ さけ いわし くじら いるか あざらし かに えび たこ いか くらげ
ちょう とんぼ せみ かぶとむし くわがた てんとうむし ばった かまきり こおろぎ はち あり ほたる かたつむり くも
""")
FOOD = words("""
りんご みかん ぶどう もも なし かき いちご すいか メロン バナナ レモン さくらんぼ くり にんじん だいこん じゃがいも たまねぎ
トマト きゅうり なす かぼちゃ キャベツ はくさい ほうれん草 ねぎ ごぼう とうもろこし えだ豆 しいたけ ご飯 おにぎり パン うどん
そば ラーメン カレー みそ汁 とうふ なっとう たまご チーズ 牛乳 お茶 ジュース 砂糖 塩 しょうゆ みそ はちみつ ジャム だんご
もち せんべい ようかん ケーキ クッキー プリン ドーナツ アイスクリーム チョコレート あめ
""")
OTHERS = words("""
富士山 海 山 川 湖 池 森 林 野原 谷 滝 島 砂浜 港 空 雲 虹 雨 雪 風 雷 霧 太陽 月 星 天の川 流れ星 朝 昼 夕方 夜 春 夏 秋
冬 桜 梅 松 竹 もみじ いちょう ひまわり あさがお チューリップ たんぽぽ すみれ ばら ゆり 菊 コスモス 学校 図書館 病院 駅 公園
郵便局 動物園 水族館 博物館 神社 寺 市場 パン屋 花屋 本屋 畑 田んぼ 牧場 温泉 先生 医者 看護師 大工 漁師 農家 運転手 画家
歌手 王様 お姫様 忍者 おじいさん おばあさん 国語 算数 理科 社会 音楽 体育 図工 給食 遠足 運動会 宿題 夏休み 祭り 花火 誕生日
北海道 青森 東京 京都 大阪 奈良 広島 沖縄 歌 夢 声 音 色 形 光 影 心 力 勇気 約束 秘密 物語 昔話 なぞなぞ
""")
ADJECTIVES = words("""
赤い 青い 白い 黒い 黄色い 茶色い 大きい 小さい 大きな 小さな 古い 新しい 重い 軽い かわいい 美しい めずらしい きれいな
すてきな 不思議な 立派な 変な 金色の 銀色の 緑の だれかの となりの 私の
""")
NAMES = words("""
はる ゆき けん みお そら りく あおい まり たけし ひろし さくら かえで こうた だいち ひなた めい りん ゆうた しょう なな
あかり つばさ ひかり しんじ けいこ ようこ まさる のぼる いずみ ちひろ かずや たろう じろう はなこ ももこ すみれ いつき
たまき みどり わたる
""")
HIRAGANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわがぎぐげござじずぜぞだでどばびぶべぼぱぴぷぺぽ"
KATAKANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワガギグゲゴザジズゼゾダデドバビブベボパピプペポ"
WORDS = list(dict.fromkeys(THINGS + ANIMALS + FOOD + OTHERS))
SIGHTS = list(dict.fromkeys(THINGS + ANIMALS))  # what an adjective can stand before


def word(draw: Draw) -> str:
    """A noun."""
    return draw.one(WORDS)


def sight(draw: Draw) -> str:
    """An adjective and a noun."""
    return draw.one(ADJECTIVES) + draw.one(SIGHTS)


def name(draw: Draw) -> str:
    """A given name, with さん or without."""
    return draw.one(NAMES) + draw.one(["", "さん"])


def number(draw: Draw) -> str:
    """A number in digits, of up to four, most of three."""
    return str(draw.number(0, draw.one([99, 999, 999, 9999])))


def short_number(draw: Draw) -> str:
    """A number in digits, of up to three, most of two."""
    return str(draw.number(0, draw.one([9, 99, 99, 999])))


def nonsense(draw: Draw) -> str:
    """2 to 5 kana that are hardly a word."""
    kana = draw.weighted([(3, HIRAGANA), (1, KATAKANA)])
    return "".join(draw.one(kana) for _ in range(draw.number(2, 5)))


def mixed(draw: Draw) -> str:
    """An item of any kind."""
    return draw.weighted([(4, word), (3, sight), (1, name), (1, number), (1, nonsense)])(draw)


def mixed_with_short(draw: Draw) -> str:
    """An item of any kind, numbers short."""
    return draw.weighted([(4, word), (3, sight), (1, name), (1, short_number), (1, nonsense)])(draw)


# Most lists are of words that are soon known: only then does repeating them teach to copy. But what is long and never met before,
# nonsense and numbers, is copied sign by sign, and goes wrong most often: so there is more of it than is asked about.
Kinds = list[tuple[float, Callable[[Draw], str]]]
KINDS: Kinds = [(6, word), (2, name), (3, sight), (3, mixed), (2, number), (3, nonsense)]
PROBED: Kinds = [(8, word), (3, name), (3, sight), (2, mixed_with_short), (1, short_number), (1, nonsense)]  # as it was asked from the first


def held_out_pair(first: str, second: str) -> bool:
    """Whether no list of train begins with these two: one pair in ten."""
    return zlib.crc32(f"{first}、{second}".encode()) % 10 == 3


def items(draw: Draw, *, held_out: bool, kinds: Kinds = KINDS) -> list[str]:
    """3 to 7 different items, mostly of one kind."""
    kind, count = draw.weighted(kinds), draw.number(3, 7)
    found: list[str] = []
    while len(found) < count:
        bits, item = draw.bits, kind(draw)
        if item not in found and (len(found) != 1 or held_out_pair(found[0], item) == held_out):
            found.append(item)
        else:
            draw.bits = bits
    return found


def asked(draw: Draw, *, held_out: bool, kinds: Kinds = KINDS) -> tuple[str, str, str]:
    """A list, how it is asked for again, and what must follow."""
    between, before = draw.weighted(LAYOUTS)
    shown = between.join(items(draw, held_out=held_out, kinds=kinds)) + "。"
    return shown, before + AGAIN, before + shown


def list_text(draw: Draw, *, held_out: bool) -> Text:
    """Two or three lists, each repeated once or twice."""
    text, cues = "", []
    for _ in range(draw.number(2, 3)):
        shown, again, answer = asked(draw, held_out=held_out)
        text += shown
        for _ in range(2 if draw.chance(0.4) else 1):
            text += again
            cues.append((len(text), answer))
            text += answer
        text += "\n"
    return Text("list", text.removesuffix("\n"), cues)


def list_probes(draw: Draw, count: int) -> list[Probe]:
    """Held-out lists: the answer is the whole list to its end mark."""
    probes = (asked(draw, held_out=True, kinds=PROBED) for _ in range(count))
    return [Probe(shown + again, answer) for shown, again, answer in probes]
