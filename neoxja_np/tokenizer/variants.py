"""Characters that learned vocabularies read as one: the first form of each stands for all.

Old forms of kanji (kyūjitai) beside the new, as in the table of jōyō kanji, and by Unicode's
compatibility mapping the full-width forms of ASCII and the half-width forms of kana.
"""

import unicodedata

NEW_AND_OLD = """
亜亞悪惡圧壓囲圍医醫為爲壱壹稲稻飲飮隠隱営營栄榮衛衞駅驛円圓塩鹽縁緣応應欧歐殴毆桜櫻奥奧横橫温溫穏穩
仮假価價画畫会會絵繪壊壞懐懷拡擴殻殼覚覺学學岳嶽楽樂渇渴缶罐巻卷陥陷勧勸寛寬関關歓歡観觀気氣帰歸偽僞
戯戲犠犧旧舊拠據挙擧虚虛峡峽挟挾狭狹郷鄕暁曉区區駆驅勲勳薫薰径徑恵惠掲揭渓溪経經蛍螢軽輕継繼鶏鷄芸藝
撃擊欠缺県縣倹儉剣劍険險圏圈検檢献獻権權顕顯験驗厳嚴広廣効效恒恆黄黃鉱鑛号號国國黒黑砕碎済濟斎齋剤劑
雑雜参參桟棧蚕蠶惨慘賛贊残殘糸絲歯齒児兒辞辭湿濕実實写寫釈釋寿壽収收従從渋澁獣獸縦縱粛肅処處叙敍将將
称稱焼燒証證奨奬条條状狀乗乘浄淨剰剩畳疊縄繩壌壤嬢孃譲讓醸釀触觸嘱囑真眞寝寢慎愼尽盡図圖粋粹酔醉穂穗
随隨髄髓枢樞数數瀬瀨声聲斉齊静靜窃竊摂攝専專浅淺戦戰践踐銭錢潜潛繊纖禅禪双雙壮壯争爭荘莊捜搜挿插巣巢
痩瘦装裝総總騒騷蔵藏臓臟即卽属屬続續堕墮対對体體帯帶滞滯台臺滝瀧択擇沢澤担擔単單胆膽団團断斷弾彈遅遲
痴癡虫蟲昼晝鋳鑄庁廳聴聽勅敕逓遞鉄鐵点點転轉伝傳灯燈当當党黨盗盜闘鬪徳德独獨読讀届屆弐貳悩惱脳腦覇霸
拝拜廃廢売賣麦麥発發髪髮抜拔蛮蠻秘祕浜濱瓶甁払拂仏佛併倂並竝餅餠辺邊変變歩步宝寶豊豐褒襃翻飜毎每万萬
満滿麺麵黙默弥彌訳譯薬藥与與予豫余餘誉譽揺搖様樣謡謠来來頼賴乱亂覧覽竜龍両兩猟獵緑綠涙淚塁壘礼禮励勵
戻戾霊靈齢齡暦曆歴歷恋戀炉爐労勞楼樓録錄湾灣
"""
KANJI = "".join(NEW_AND_OLD.split())
FOLDED = {  # from a variant to its first form
    **{old: new for new, old in zip(KANJI[::2], KANJI[1::2], strict=True)},
    **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in (
        *range(0xFF01, 0xFF5F), *range(0xFF66, 0xFF9E))},
}
del FOLDED["，"]  # for a comma, which has no row of its own
VARIANTS: dict[str, list[str]] = {}  # from a first form to its variants
for variant, first in FOLDED.items():
    VARIANTS.setdefault(first, []).append(variant)
