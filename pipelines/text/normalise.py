"""The question's own words: what of them can never change the answer, and what hardly ever does."""

from __future__ import annotations

import re
import unicodedata

from pipelines.text.han import HAN
from pipelines.text.remembered import remembered_if_short

_WIDE = {0x3000: " ", 0x3002: ".", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}
_ABOUT_CHARACTERS = re.compile(
    r"\b(?:unicode|code ?points?|ascii|utf-?\d+|full-?width|half-?width|white ?space|spaces|characters?|punctuation)\b|全角|半角|字符|空格|标点",
    re.IGNORECASE,
)
# A formula, a program, several lines: signs, capitals and spaces are what is asked about.
_LITERAL = re.compile(r"\n|\d!|[{}<>=;`\\^|]|\w\(|::|->|(?<!\w)[\"'](?=[A-Za-z])")
# Where words are talked about, a courtesy may be what is asked.
_ABOUT_WORDS = re.compile(
    r"\b(?:say|said|saying|spell\w*|writ\w+|translat\w*|mean\w*|word|phrase|term|pronounc\w*|rhymes?|synonyms?|antonyms?|express\w*"
    r"|reply|repl\w+|respond|answer with|call(?:ed)?|titled?|lyrics|etymology|origin|english|german|french|spanish"
    r"|italian|japanese|chinese|korean|russian|difference|between|versus|vs|instead of|type|text)\b"
    r"|说|写|译|翻|读作|怎么读|英语|英文|日语|日文|韩语|法语|德语|单词|歌词|回复|回答|表达|区别",
    re.IGNORECASE,
)
# Courtesies that carry no question. Only whole ones at the very start or end go, and never all of the text. A greeting
# without a mark behind it is one only before a word that begins a question: "Hello Kitty" is a name.
_BEGINS = (
    r"(?=(?:how|what|when|where|who|why|which|is|are|was|do|does|did|can|could|will|would|should|may|i|i'm|i'd|my|we|our|there|please"
    r"|have|has|need|help|tell)\b)"
)
_OPENING = re.compile(
    r"^(?:(?:hi|hello|hey)(?: there)?(?:[,.!]+ *(?=(?-i:[a-z\d])|"
    + _BEGINS
    + r"|[^\x00-\x7f])| +"
    + _BEGINS
    + r")|please,? (?!please\b|is\b|are\b|and\b|or\b|in\b|as\b|vs\b|me\b)"
    r"|good (?:morning|afternoon|evening)(?:[,.!]+ *| +" + _BEGINS + r")|excuse me,? (?!is\b|as\b|in\b|lyrics)"
    r"|你好[,!。. ]*|您好[,!。. ]*|请问一下[,: ]*|请问[,: ]*|麻烦问一下[,: ]*|打扰一下[,: ]*)+",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:[,.! ]+|(?<=\?) *)(?:please|thanks in advance|thanks|thank you|thx)|(?:[,.! ]+|(?<![听说看唱写读句示道叫送]))(?:谢谢你|谢谢您|谢谢|多谢))+[.! ]*$",
    re.IGNORECASE,
)
# Behind a mark, or as a bare "please" in front, it is none even there.
_SURE_OPENING = re.compile(r"^please,? (?!please\b|is\b|are\b|and\b|or\b|in\b|as\b|vs\b|me\b)", re.IGNORECASE)
_SURE_CLOSING = re.compile(
    r"(?:(?:[,.!]+|(?<=\?)) *(?:please|thanks in advance|thanks|thank you|thx|cheers|谢谢你|谢谢您|谢谢|多谢))+[.! ]*$",
    re.IGNORECASE,
)
# What is left in front of a closing courtesy wants an object: then the courtesy is it.
_WANTS_MORE = re.compile(
    r"\b(?:a|an|the|my|your|to|of|for|with|and|or|not|no|is|are|be|than)$|[的是和或与跟把对给]$", re.IGNORECASE
)
# A capital that tells a name from a word: it stays wherever it does not merely begin the sentence.
_CAPITAL_MATTERS = frozenset(
    (  # noqa: SIM905 - a list of forty quoted words would hide them
        "polish turkey china may march mark bill will jack rose apple windows excel word outlook access teams target gap"
        " shell visa discover chase ally meta amazon oracle square stripe signal zoom slack edge opera safari chrome brave"
    ).split()
)
_PLAIN_WORD = re.compile(r"(?<![\w'-])(?:[A-Z]?[a-z']+|I)(?![\w-])")
# Chinese: what may be there or not without changing the question. 了 stays: "paid" and "to pay" differ.
_ASKS = re.compile(r"怎么|怎样|如何|什么|为何|哪|谁|几|多少|多久|多长|是否|能否|可否|吗|呢|([\u4e00-\u9fff])[不没]\1")
_PARTICLES = re.compile(r"(?<![毛花粗绒干喇二])[吗呢啊呀嘛哦噢啦哈]+(?=$|[?,.!、~])")
_DENIES = "不没别无未非否勿莫甭休免"
# 的 parts a thing from a deed (付的款, 付款), a sort from a name (中国的银行, 中国银行), a quality from a word (红的包, 红包): behind
# what may be a verb or a lone adjective, and in front of what names of institutions end in, it stays.
_VERBS = (
    "取消|退款|退货|付款|发货|购买|申请|绑定|开通|关闭|收到|使用|预订|预定|下单|充值|提现|还款|借款|注销|修改|扣款|支付|签收|转账|激活|开票|办理|提交"
    "|删除|添加|更换|续费|投诉|评价|订阅|冻结|解绑|注册|登录|丢失|损坏|过期|失效|逾期|拒绝|审核|通过|失败|成功|推荐|举报|投资|喜欢|讨厌|介绍|邀请|机械|个人"
)
_DEEDS = "买卖付发开打扣借还退换收寄送用看吃穿拍订租充存取转点做写说问要给拿选交办改红绿黑白蓝黄新旧大小好坏真假欠赔爱恨骗偷抢输赢赚挣捡丢请教帮救抓骂娶嫁追撞杀"
_INSTITUTIONS = "银行|大学|学院|航空|公司|集团|移动|联通|电信|电力|石油|石化|铁路|邮政|证券|保险|基金|日报|时报|晚报|电视台|卫视|科学|学习|事业|经营|人[寿民]|平安|烟草|中学|小学|医院"
_FILLERS = re.compile(
    rf"一下(?!子)|(?<=[我你您他她])的(?![士确话打骂爱恨骗欠告追])|(?<=[\u4e00-\u9fff]{{2}})(?<![目谁不{_DEEDS}])(?<!"
    + ")(?<!".join(_VERBS.split("|"))
    + rf")的(?![士确话款货卡]|{_INSTITUTIONS})|(?<![{_DENIES}还要就只都若可或])是(?=什么意思)|(?<=[这那])是(?=什么|谁|哪)"
)
# What parts two clauses in a text of Chinese; a list's mark and a decimal point part nothing that could be dropped.
_PARTS = re.compile(r"(?<=[\u4e00-\u9fff])[\s,.!]+|[\s,.!]+(?=[\u4e00-\u9fff])")
# Behind these a mark parts nothing: they only lead in.
_LEADS_IN = re.compile(
    r"(?:我?想?(?:问|咨询|请教|了解)(?:一下|下)?|(?:那|那么|亲|亲亲|客服|老师|大家|各位|帮忙|麻烦)(?:问)?(?:一下)?)"
)
_KANA = re.compile(r"[\u3040-\u30ff]")  # Japanese: its particles are other ones
_NUMERALS = "零一二两三四五六七八九十百千万亿点0123456789"
# Behind a word they end a sentence; behind a space or a sign they are what is asked about ("git add .", "operator ??").
_END = re.compile(r"(?:(?<=[^\W\d_]{2})|(?<=[\u4e00-\u9fff)\]])|(?<=['’][a-z]))[.!]+$|(?<=\d)\.+$")
_QUESTION_MARKS = re.compile(r"(?<=\w)\s*\?+$|(?<=[)\]\"'”’%])\?+$")
_MARK = re.compile(r"[\s,.!~?、]")
LONGEST_CHARS = 1_000  # a longer text is a document: its marks are its own
REMEMBERED, SHORT_CHARS = 500, 300  # texts: one job asks several times of its question
LONG_CLAUSE = 60  # characters in front of a mark that are looked at
DENIED_WITHIN = 4  # characters in front of a filler


def plain(text: str) -> str:
    """The very question: composed letters, ASCII for what is only wider, no space around it, single ones within a line.

    Nothing else can never matter, and where characters are asked about not even that. Lines stay lines: in a program they
    say what belongs together.
    """
    if _ABOUT_CHARACTERS.search(text):
        return unicodedata.normalize("NFC", text).strip()
    lines = unicodedata.normalize("NFC", text).translate(_WIDE).strip().splitlines()
    if len(lines) > 1:
        return "\n".join(line.rstrip() for line in lines)
    return " ".join(" ".join(lines).split())


def normalise(text: str) -> str:
    """The question without what hardly ever changes its answer: courtesy, a sentence's capital, the mark at its end.

    Equal ones are near-exact, which is checked as other hits are (see cache). Each thing dropped, and why it does not
    matter there: greetings and thanks at either end, where the text is not about words ("how do you say please"); the
    capital of the first word, where it tells no name from a word ("Polish"); a final full stop or exclamation mark (a
    question mark stays: "you ship it?" asks). Of Chinese also particles at a clause's end, 一下, 的 behind a pronoun (我的卡;
    "红的包" is no "红包", "付的款" no "付款"), 是 between 这 and what asks, where no negation is near, and the mark behind
    words that only lead in (我想问一下，…; "不，可以退款" is no "不可以退款"). What asks by a word of its own ends with
    a question mark. Programs, formulas and quotations stay as they are.
    """
    said = plain(text)
    if len(said) > LONGEST_CHARS or _LITERAL.search(said) or _ABOUT_CHARACTERS.search(said):
        return said
    bare = without_courtesy(said)
    if not HAN.search(bare) or _KANA.search(bare):
        return bare
    bare = _bare(bare)
    while (again := _bare(without_courtesy(bare))) != bare:
        bare = again
    return bare


@remembered_if_short(REMEMBERED, SHORT_CHARS)
def without_courtesy(text: str) -> str:
    """The question without width, spacing, courtesy and a sentence's capital; every other word stays."""
    bare = _without_courtesy(text)
    while (again := _without_courtesy(bare)) != bare:  # "Hi. Hello, …": what was behind a courtesy may be one too
        bare = again
    return bare


def _bare(said: str) -> str:
    asks = said.endswith("?") or _ASKS.search(said) is not None
    bare = _PARTICLES.sub("", said)
    bare = _FILLERS.sub(_unless_denied, bare)
    bare = _PARTS.sub(_unless_it_parts, bare).rstrip("?,.!~ ")
    if not re.search(r"\w", bare):
        return said
    return bare + "?" if asks else bare


def _unless_denied(filler: re.Match[str]) -> str:
    before = filler.string[max(0, filler.start() - DENIED_WITHIN) : filler.start()]
    return filler[0] if any(sign in before for sign in _DENIES) else ""


def _unless_it_parts(mark: re.Match[str]) -> str:
    text, start, end = mark.string, mark.start(), mark.end()
    if end == len(text) or start == 0:
        return ""
    if (
        mark[0].isspace()
        and (text[start - 1].isascii() or text[end].isascii())
        and not (text[start - 1] in _NUMERALS and text[end] in _NUMERALS)
    ):
        return ""  # 用 Visa 付款: a space between scripts says nothing
    clause = _MARK.split(text[max(0, start - LONG_CLAUSE) : start])[-1]
    return "" if _LEADS_IN.fullmatch(clause) else mark[0].strip() or " "


def _without_courtesy(text: str) -> str:
    bare = " ".join(plain(text[:LONGEST_CHARS]).split()) + text[LONGEST_CHARS:]
    question = bare.endswith("?")
    sure = _ABOUT_WORDS.search(bare) is not None
    for courtesy in (_SURE_OPENING, _SURE_CLOSING) if sure else (_OPENING, _SURE_CLOSING, _CLOSING):
        rest = courtesy.sub("", bare).strip(" ,")
        if re.search(r"\w", rest) and (courtesy is not _CLOSING or rest == bare or not _WANTS_MORE.search(rest)):
            bare = rest
    bare = _END.sub("", bare.rstrip()) or bare
    if question and not bare.endswith("?"):
        bare += "?"
    bare = _QUESTION_MARKS.sub("?", bare)
    return _PLAIN_WORD.sub(_lower, bare)


def _lower(word: re.Match[str]) -> str:
    """The capital that begins a sentence goes, and that of I; within it, a capital may make a name of a word."""
    begins = word.start() == 0 and word[0].lower() not in _CAPITAL_MATTERS
    return word[0].lower() if begins or word[0] == "I" or word[0].startswith("I'") else word[0]
