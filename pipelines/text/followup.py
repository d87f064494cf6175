"""Follow-ups: does the last turn stand alone, or does it need the turns before it?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.text.facts import facts
from pipelines.text.followup_words import OF_A_SERVICE, OF_ANY_THING, OTHER_SCRIPT, PROCEDURE, SELF_CONTAINED, TOLD
from pipelines.text.han import HAN
from pipelines.text.language import english
from pipelines.text.reading import reading

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of the alternatives that facts know: whose account, app or shop a later question may be about.
WHOSE = frozenset({"payment", "brand", "plan", "bank", "shop"})
# "Do you ship to Spain?": a place that something goes to, or is at, has no account and no app.
_AT_A_PLACE = re.compile(r"\b(?:to|in|from|at|into|within) (?:the )?[A-Z]\w+(?: [A-Z]\w+)*")
# Words that point at something said before.
_POINTS_EN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|one|ones|there|then|such"
    r"|so|same|other|others|another|else|instead|either|neither|both|again|more|also|too|former|latter|above"
    r"|previous|previously|earlier|next|first|second|third|last|mentioned|said|the (?:two|three|rest|difference|list))\b",
    re.IGNORECASE,
)
# "is there", "how do I get there" aside: words that point at nothing in these uses.
_EXPLETIVE = re.compile(
    r"\b(?:is|are|was|were|will) there\b|\bthere (?:is|are|was|were|any)\b|\bis it (?:possible|ok|okay|safe|true|necessary|legal|free)\b"
    r"|\bit is possible\b|\bhow long does it take\b|\b(?:one|more) of (?:the|my)\b|\bmore than\b|\bfirst[- ]time\b"
    r"|\b(?:this|last|next) (?:week|month|year|time)\b|\bso that\b|\bsuch as\b|\b(?:is|was|think|know|sure|means?|so|see|heard) that\b",
    re.IGNORECASE,
)
# Words that point at what the same turn said: behind a clause with a noun of its own, as relative pronouns, as adverbs.
_SAID_INSIDE = re.compile(
    r"\b(?:my|a|an|the|your|our|any|some)\s+[a-z][\w'-]+(?:\s+[\w'-]+){0,6}?\s*"
    r"(?:[,.;?!-]+\s*(?:\w+\s+){0,8}?|\s(?:and|but|because|if|when|how|why|where|before|after|until|since|while|that|which"
    r"|though|although)\s+(?:[\w'-]+\s+){0,8}?)"
    r"(?P<points>it|its|they|them|their|this|that|these|those|one|he|she|him|her)\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?!(?:is|are|was|were|does|do|did|can|could|will|would|should|about|of|for|with|and|or|but|if|like|than|in|on|at"
    r"|to|by|from|how|why|what|when)\b)\w+ (?P<points>that) (?:i|i'm|i've|you|we|is|isn't|are|was|were|has|have|had|can"
    r"|can't|will|my|didn't|doesn't)\b|\b(?P<both>both) \w+(?: \w+)? and\b|\b(?P<so>so far)\b"
    r"|\b(?P<as>as|so) (?:soon|long|much|many|often|far) as\b|\b(?P<one>one) of\b|\b(?P<all>all that)\b",
    re.IGNORECASE,
)
# And words that point at the conversation itself.
_POINTS_HERE = re.compile(
    r"\bhere\b|\bnearby\b|(?:\.\.\.|…)\s*$|\b(?:do|did) you (?:mean|think)\b|\b(?:you|we|i) (?:are |were |just |have )?(?:mention|said|say|ask|talk|describ|list|suggest|recommend)"
    r"|^(?:i mean|not |changing|by that|back to)|\b(?:each|per) (?:month|year|day)\b",
    re.IGNORECASE,
)
_OPENS_EN = re.compile(
    r"^(?:and|but|or|so|then|also|what about|how about|why not|yes|no|yeah|yep|nope|ok|okay|sure|thanks|thank you|great"
    r"|right|really|because|which one|the|for|in|on|with|from|to|at|by|any|more|anything|else|wait|hmm|actually)\b",
    re.IGNORECASE,
)
_BARE_EN = re.compile(
    r"^(?:why|how|when|where|who|which|what|how (?:much|many|long|so|come)|how often|what for|what else)$",
    re.IGNORECASE,
)
# "the city", "the largest": known from before, unless what follows says which.
_BARE_DEFINITE = re.compile(
    r"\bthe (?!(?:app|web ?site|site|shop|store|internet|phone|post|mail|weekend|moment)\b|new \w+\b)"
    r"(?:(?!that|which|who|of|for)\w+ ){0,2}?(?!that\b|which\b|who\b|of\b|for\b)\w+"
    r"(?=$|[?,.;]| (?:is|are|was|were|be|do|does|did|can|will|has|have|ever|in|on)\b)",
    re.IGNORECASE,
)
_COMPLETES = re.compile(r" (?:in|on) (?:my|your|our|[A-Z])")
_ABOUT_ME = re.compile(r"\b(?:i|i'm|i've|i'd|my|me|mine|we|our|us|do you|your)\b", re.IGNORECASE)
_DEFINES = re.compile(
    r"(?:what(?:'s| is| are)|who (?:is|was)|define|tell me about) (?:an? )?(?:[A-Z][\w-]*(?: [A-Z][\w-]*)*|\w+(?: \w+)?)$",
    re.IGNORECASE,
)
# About what was said, how to say it, or another kind of what was spoken of.
_OF_THE_TALK = re.compile(
    r"\b(?:summar\w+|shorten|shorter|rephrase|rewrite|reword|translate|repeat|conversation|(?:your|last|previous|first) (?:answer|reply|response|message|point|suggestion|example)"
    r"|bullet points?|step \d|explain (?:that|again|more)|version|in other words|in (?:english|german|french|spanish|chinese|java|python|simple terms|detail)|example|are you sure|size|colou?r|blue|red|green|black|white"
    r"|small|medium|large|cheaper|bigger|smaller|faster|better|lighter|dog|cat|pet|child|children|kids?|baby|my (?:son|daughter|wife|husband|friend|mother|father|parents))\b"
    r"|总结|概括|重复|翻译|用英文|用中文|简短|换成|改成|两个一起|一起买|减半|颜色|尺寸|尺码|大小|型号|[红黄蓝绿黑白灰粉紫]色|老人|儿童|小孩|孩子|宝宝|孕妇|宠物|保质期|质保期|电池|官网|试过了|还是(?:失败|不行)|超过期限",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?。！？;；\n]+[?？]?")
_COURTESY = re.compile(
    r"^(?:(?:(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks?(?: you)?(?: (?:so|very) much| a lot)?|ok(?:ay)?"
    r"|great|perfect|cool|nice|i see|got it|understood|yes|no|sorry|there|bye|hola|gracias|hallo|danke|bonjour|merci)(?![a-z'’])"
    r"|你好|您好|在吗|谢谢你?|多谢|好的|好|嗯|哦|知道了|明白了?|麻烦了?|请问一?下?)[ ,，.!！~]*)+",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"^(?:(?:and|but|so|then|also|if so|in general|please|ok)[ ,]+)*(?:what|who|whom|whose|when|where|why|which|how|is|are|was|were|do|does|did"
    r"|can|could|will|would|should|may|might|has|have|had|tell me|show me|explain|describe|compare|list|define|give me|find"
    r"|qué|cómo|cuándo|dónde|wie|was|wann|wo|warum|kann|comment|quand|où|pourquoi|combien)\b"
    r"|什么|怎|如何|多少|多久|几[个天次时点]|哪|谁|为何|为啥|是否|能否|可否|有没有|是不是|能不能|可不可以|请帮|告诉我|介绍|[吗么呢]$",
    re.IGNORECASE,
)
# What a user says of themselves colours what they are told afterwards, also in the middle of a question.
_FACT = re.compile(
    r"\b(?:i have (?:an? |the |two |three |some )?(?!question|problem|issue)\w+|as an? \w+|my (?:son|daughter|wife|husband|child|kids?|baby|mother|father|parents|dog|cat|doctor|boss|company)"
    r"|be (?:brief|short|polite|concise)|use (?:metric|imperial|simple|short|bullet)|in (?:english|german|french|spanish|chinese|simple (?:terms|words)|one sentence|\d+ words)|keep it|short answers?"
    r"|i am|i'm|im|i have been|i've been|i was|i live|i work|i bought|i ordered|i paid|i got|i own|i use|i speak|we are|we're"
    r"|my (?:name|age|plan|company|wife|husband|child|son|daughter|doctor|budget|country)\b.* (?:is|are|was)"
    r"|from now on|always|never|answer (?:only|in|with)|reply (?:only|in|with)|respond (?:only|in|with)|speak (?:only|in|like)"
    r"|pretend|act as|you are now|ignore (?:all|the|your|previous)|remember (?:that|my|this)|call me|ich bin|je suis|soy|estoy|sou|estou)\b"
    r"|本人|作为|未成年|怀孕|孕妇|过敏|糖尿病|高血压|(?:我|我家|家里)的?(?:儿子|女儿|孩子|宝宝|爸|妈|父亲|母亲|老公|老婆|丈夫|妻子|老人|猫|狗)|我家|(?:请|能|可以)?用(?:英文|中文|英语|文言文|一句话|表格)|回答我|简短|我用(?!户)"
    r"|我(?:是(?!不是|否)|今年|住在?|来自|叫|们是|在(?!哪)|买了|订了|用的是|有(?!什么|多少|没|几|哪))|从现在(?:起|开始)|以后(?:都|请|只)|只(?:能|要|许)?(?:回答|回复|用)|记住|假装|扮演",
    re.IGNORECASE,
)
_POINTS_ZH = re.compile(
    r"它|他|她|牠|这|這|那|此|该|該|哪[个個]|个(?=[吗嗎?？]?$)|其(?!他|它|实|中)|上面|前面|刚才|剛才|之前[说說]|另|别的|別的|其他|还有|還有|一样|一樣|同样|同樣|继续|繼續|接着|接著|然后|然後"
    r"|再(?!次|借|贷|申请|开|用|还)|也(?!许)|第[一二三四五六七八九十]|前者|后者"
)
# 还 is also "to repay", and 不是…吗 asks a whole question.
_OPENS_ZH = re.compile(
    r"^(?:那|可是|但是|但|所以|因为|因為|而且|還|还(?!清|款|钱|期|完|贷|信用|欠|不上|上|得|本|息)|好的|好吧|好|嗯|是的|是(?!否|不是)"
    r"|不是(?!.{4,}[吗嘛么])|不(?!能|可以|满足|够|支持|是)|对(?!公|账)|行|可以的?$|为什么$|怎么办$|多少$|多久$|哪)"
)
# What is left of a turn without these is what it is about.
_SAYS_NOTHING_ZH = re.compile(
    "什么时候|可不可以|"
    "为什么|什么样|怎么样|怎么办|是不是|有没有|能不能|要不要|会不会|好不好|"
    "什么|怎么|怎样|如何|为啥|多少|多久|多长|多大|几个|哪里|哪儿|哪个|哪些|是否|可以|没有|不是|你们|我们|咱们|大家|自己|"
    "一下|一个|一点|觉得|知道|认为|感觉|告诉|请问|推荐|介绍|具体|详细|喜欢|需要|应该|现在|时候|东西|内容|意思|情况|方面|"
    "问题|办法|方法|原因|结果|结局|主要|一共|总共|名字|好玩|好吃|好看|"
    "[几哪谁能会要想有没是不在到给和跟把被让的了着过吗呢吧啊呀么嘛啦哦你我您就都很太真挺最更才还又再只些个次种样点说讲看听问请帮"
    "好行对事人叫用做去来买卖吃玩]"
)
_ENDS_ZH = re.compile(r"呢[?？。!！]*$")
_WORD = re.compile(r"[A-Za-z0-9'’-]+")
# A full question has a subject and a verb: fewer words are an answer or an ellipsis.
LONGEST_CHARS = 1_000  # of a turn that is read: a longer one is no single question
LONGEST_ANSWER_CHARS = 4_000  # of an assistant's turn that is read
LEAST_WORDS = 4
LEAST_TOPICS, MANY_TOPICS = 2, 5  # words that say something: of a question about oneself, of any other
LEAST_HAN = 5
LEAST_TOPIC_HAN = 3  # a word of Latin script counts as two
WHOLE_HAN = 12  # a statement as long as that says what it is about
ROUNDS = 3  # words that point back at one noun
# A verb of its own: without one, "the price of the blue plan" is half a question.
_ASKS_EN = re.compile(
    r"\b(?:am|is|are|was|were|do|does|did|can|could|will|would|should|may|might|must|have|has|had|how|what|why|when"
    r"|where|who|which|tell|explain|show|give|help|need|want|list|describe|compare|write|find|reset|cancel|change)\b",
    re.IGNORECASE,
)
# A statement about oneself, or a request, is whole too.
_STATES_EN = re.compile(r"^(?:i|i'm|i've|i'd|we|we're|my|our|please|someone|somebody)\b", re.IGNORECASE)
# A name, a product, an acronym inside the sentence: what it is about is said.
_NAMED = re.compile(r"(?<=[\w,] )(?!I\b)(?:[A-Z][\w-]*|[a-z]+[A-Z]\w*)|\d")
# "What is the limit?": of what was said before.
_DEFINITE = re.compile(r"\bthe \w+(?: \w+)?$", re.IGNORECASE)
_SAYS_NOTHING = re.compile(
    r"(?:a|an|the|and|or|but|if|to|in|on|at|by|for|with|from|as|of|is|are|was|were|be|been|do|does|did|have"
    r"|has|had|having|can|could|will|would|shall|should|may|might|must|i|me|my|we|us|our|you|your|what"
    r"|which|who|how|when|where|why|please|tell|explain|show|give|want|need|like|know|help|get|just|any"
    r"|some|about|into|not|no|yes|possible|able|much|many|long|there|mean|means|use|using|used)"
)
_ASKS_ZH = re.compile(
    r"[吗么?？]|什么|怎|如何|多少|多久|几|哪|谁|为何|为什么|能|可以|是否|有没有|要|帮|请|介绍|说明|解释|查|想"
)


def dependence(turn: str, said: Sequence[str], answered: Sequence[str] = ()) -> str | None:
    """Why a turn cannot be understood without what was said before; None when it surely can.

    ``said`` are the user's turns before it, in order, ``answered`` the assistant's; without any, nothing can be missing.
    In doubt it depends: asked with its history, an answer costs more; asked without, it is wrong.
    """
    if not said and not answered:
        return None
    if len(turn) > LONGEST_CHARS:
        return "it is too long to be sure"
    turn, answered = reading(turn), list(map(reading, answered))
    if any(map(sets_terms, said)):
        return "something was said that may matter to every later answer"
    if any(len(one) > LONGEST_ANSWER_CHARS or TOLD.search(one) for one in answered):
        return "the assistant said something of the user"
    text = _COURTESY.sub("", turn.strip()).strip() or turn.strip()
    if _OF_THE_TALK.search(text):
        return "it is about the conversation"
    if OTHER_SCRIPT.search(text):
        return "it is in a language whose pointing words are not known here"
    chinese = len(HAN.findall(text)) * 2 >= len(_WORD.findall(text))
    if not chinese and not english(text):
        return "it is in a language whose pointing words are not known here"
    reason = _dependence_zh(text) if chinese else _dependence_en(text) or _too_general(text)
    return reason or _of_what_was_spoken_of(text, said)


def _of_what_was_spoken_of(text: str, said: Sequence[str]) -> str | None:
    if any(_names_another(one, text) for one in said):
        return "what it asks for may be that of a product or a company named before"
    if SELF_CONTAINED.search(text) and PROCEDURE.search(text):
        return None
    service = SELF_CONTAINED.search(text) or OF_A_SERVICE.search(text)
    return None if service and _names(text) else "what it asks for may be that of something spoken of"


def sets_terms(turn: str) -> bool:
    """Does a turn say anything beside its question: facts about the user, or how to answer from now on?"""
    if len(turn) > LONGEST_CHARS:
        return True  # whoever pastes a document speaks of it afterwards
    return any(_states(one.strip()) for one in _SENTENCE.findall(reading(turn)) if one.strip())


def _states(sentence: str) -> bool:
    plain = _COURTESY.sub("", sentence.strip(" ,，.!！。")).strip(" ,，.!！。~")
    if not plain:
        return False
    return _FACT.search(plain) is not None or not (plain.endswith(("?", "？", "吗", "呢")) or _ASKED.search(plain))


def _names_another(before: str, text: str) -> bool:
    """Does an earlier turn name a product, a company or a plan that this one does not?"""
    theirs, ours = facts(_AT_A_PLACE.sub("", before[:LONGEST_CHARS])), facts(text)
    if theirs.names - ours.names or theirs.identifiers - ours.identifiers:
        return True
    both = zip(theirs.alternatives, ours.alternatives, strict=True)
    return any(kind in WHOSE and said - known for (kind, said), (_, known) in both)


def _names(text: str) -> bool:
    """Does an English turn name a thing of its own, and none of the user's?"""
    own = [word for word in _topics(text) if not OF_ANY_THING.fullmatch(word)]
    return len(own) >= LEAST_TOPICS and re.search(r"\bm(?:y|ine)\b|\bour\b", text, re.IGNORECASE) is None


def _too_general(text: str) -> str | None:
    """Of whom or what? An English turn behind others must say it by itself."""
    plain = text.rstrip("?!. ")
    bare = _BARE_DEFINITE.search(plain)
    if bare is not None and not _COMPLETES.match(plain[bare.end() :]):
        return "it speaks of something known"
    topics = _topics(plain)
    anchored = _ABOUT_ME.search(plain) is not None or _NAMED.search(plain) is not None
    if len(topics) >= MANY_TOPICS or (anchored and len(topics) >= LEAST_TOPICS):
        return None
    return None if _DEFINES.match(plain) else "it may leave out what it is about"


def _dependence_en(text: str) -> str | None:
    if _POINTS_HERE.search(text.rstrip("?!. ")):
        return "it points back"
    plain = _resolved(text).rstrip("?!. ")
    if _BARE_EN.match(plain) or len(_WORD.findall(plain)) < LEAST_WORDS:
        return "it is too short to stand alone"
    if _OPENS_EN.match(plain):
        return "it continues a sentence"
    if _POINTS_EN.search(_EXPLETIVE.sub(" ", plain)):
        return "it points back"
    if not _ASKS_EN.search(plain) and not _STATES_EN.search(plain):
        return "it is not a whole question"
    named = _NAMED.search(plain) is not None
    topics = _topics(plain)
    if not named and (len(topics) < 2 or (len(topics) == 2 and _DEFINITE.search(plain))):
        return "it says too little to stand alone"
    return None


def _topics(text: str) -> list[str]:
    """The words that say something."""
    return [word for word in _WORD.findall(text.lower()) if not _SAYS_NOTHING.fullmatch(word)]


def _resolved(text: str) -> str:
    """The turn with a noun in place of each word that points at what the turn itself said."""
    for pattern in (_SAID_INSIDE, _RELATIVE):
        for _ in range(ROUNDS):
            text = pattern.sub(_with_a_noun, text)
    return text


def _with_a_noun(found: re.Match[str]) -> str:
    name = next(name for name, said in found.groupdict().items() if said is not None)
    start, end = (position - found.start() for position in found.span(name))
    return f"{found[0][:start]}thing{found[0][end:]}"


def _dependence_zh(text: str) -> str | None:
    if len(HAN.findall(text)) + len(_WORD.findall(text)) < LEAST_HAN:
        return "it is too short to stand alone"
    if _OPENS_ZH.search(text) or (_ENDS_ZH.search(text) and not _ASKED.search(_ENDS_ZH.sub("", text))):
        return "it continues a sentence"
    if _POINTS_ZH.search(text):
        return "it points back"
    if not _ASKS_ZH.search(text) and len(HAN.findall(text)) < WHOLE_HAN:
        return "it is not a whole question"
    topic = _SAYS_NOTHING_ZH.sub("", text)
    if len(HAN.findall(topic)) + 2 * len(_WORD.findall(topic)) < LEAST_TOPIC_HAN:
        return "it says too little to stand alone"
    return None
