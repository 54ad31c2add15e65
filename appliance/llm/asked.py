"""What kind of value a question asks for, and whether a sentence holds one: an amount, a time, a period, a person."""

from __future__ import annotations

import re

_DIGIT = "[0-9０-９一二三四五六七八九十百千]"
_UNIT = "(?:円|万円|億円|千円|ドル|ユーロ|yen|dollars?|euros?|USD|JPY)"
_MONEY = rf"(?:{_DIGIT}[0-9０-９,，.．]*\s*{_UNIT}|[¥￥$€£]\s*[0-9０-９])"
_RATE = rf"{_DIGIT}[0-9０-９.．]*\s*(?:パーセント|割|%|％|percent|per cent)"
# The value of a table's row under a column that is named for money.
_CELL = r"(?:円|額|料金|価格|単価|費|手当|基本給|標準|上限|下限|fee|price|cost)[^、;]{0,12}\s[0-9][0-9,.]*(?:、|;|$)"
_RATE_CELL = r"(?:利|率|％|%|年以内|係数)[^、;]{0,8}\s[0-9][0-9,.]*"
_NUMBER = rf"{_DIGIT}|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|once|twice)\b"
_SPAN = rf"{_DIGIT}\s*(?:営業日|日|か月|ヶ月|カ月|箇月|月|年|週間|週|時間|分|泊)"
_ORDINAL = r"first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
_SPAN_EN = (
    rf"(?:{_NUMBER}|\ba\b|{_ORDINAL})[^.]{{0,14}}\b(?:days?|weeks?|months?|years?|hours?|minutes?)\b|\bdays? [0-9]"
)
_DATE_WORDS = (
    r"当日|翌日|即日|即時|直ち|速やか|末日|月末|永久|平日|毎週|毎月|[月火水木金土日]曜|immediately|at once|\bend of\b"
)
_DATE_EN = r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December|\w+day)\b"

# (what a question that asks for it says, what a sentence that holds it has)
_KINDS = tuple(
    (re.compile(asking, re.I), re.compile(holding, re.I))
    for asking, holding in (
        (
            r"何パーセント|何％|何%|何割|金利|利率|割合|what (?:rate|percentage)|percent|interest rate|by how much"
            r"|いくら(?:加算|割増|引か)",
            rf"{_RATE}|{_RATE_CELL}",
        ),
        (
            r"いくら|何円|料金|値段|価格|費用|会費|手数料|代金|金額|月額|年額|使用料|単価|how much"
            r"|price|\bcosts?\b|\bfees?\b",
            rf"{_MONEY}|{_RATE}|{_CELL}|無料|無償|free of charge",
        ),
        (
            r"何時(?!間)|時刻|時間帯|受付時間|営業時間|開始時間|what time|opening hours",
            rf"{_DIGIT}\s*(?:時|[:：][0-5０-５])|[0-9]\s*[ap]\.?m|正午|noon",
        ),
        (r"how long", _NUMBER),
        (
            r"何日(?![に頃ごま])|何か月|何ヶ月|何年(?!に)|何週|何時間|何分|日数|期間|週に何日"
            r"|how (?:soon|many (?:days|weeks|months|years|hours|minutes))",
            rf"{_SPAN}|{_SPAN_EN}|永久|即日|当日|直ち|immediately|at once|[0-9] (?:business|working|calendar) days",
        ),
        (
            r"いつ|何日[に頃ごま]|何年に|何曜|期限|締め?切|until when|\bwhen\b|deadline|from which day|\bdue\b",
            rf"{_SPAN}|{_DATE_WORDS}|{_SPAN_EN}|{_DATE_EN}|[0-9０-９]+[/／][0-9０-９]+",
        ),
        (
            r"内線|電話番号|連絡先|番号は|extension|phone number",
            r"内線\s*(?:番号)?\s*[0-9０-９]|電話|番号|[0-9０-９]{2,4}[-－][0-9０-９]{2,4}|extension\s+[0-9]|\b[0-9]{4,}\b",
        ),
        (
            r"誰|だれ|どなた|どこ[へにがの]|どの(?:部署|課|窓口)|担当|\bwho\b|\bwhom\b",
            r"[部課室係長者員人署店局館階亭所]|センター|デスク|窓口|内線|\b(?:manager|head|officer|desk|section|department|affairs|"
            r"security|employees?|staff|executive|team|supervisor)\b",
        ),
        (r"何(?:人|名|台|個|枚|回|本|件|冊|箱|リットル|キロ|階|文字)|いくつ|人数|定員|how many|number of", _NUMBER),
    )
)


def holds(question: str, sentence: str) -> bool | None:
    """Whether the sentence holds a value of every kind that is asked for; None where no kind is."""
    wanted = [holding for asking, holding in _KINDS if asking.search(question)]
    if not wanted:
        return None
    return all(holding.search(sentence) for holding in wanted)
