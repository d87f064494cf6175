"""Tasks that are premium's whatever their length: a proof, a whole system, a puzzle, figures to weigh, a theory.

Words are weak evidence: on outcomes of real models "mathematics", "code", "compare" or "explain" say nothing, or the
opposite from one set to the next. These few ask for a long chain of steps, each of which must hold.
"""

from __future__ import annotations

import re

from pipelines.text.reading import reading

_PROVES = re.compile(
    r"\b(?:prove|proves|disprove|proof (?:of|that|by|for)|derive|derivation of|show (?:formally|rigorously|that)|deduce"
    r"|by (?:mathematical |strong )?induction|by contradiction|rigorously|formally verify|find the nash|nash equilibri(?:um|a)"
    r"|subgame|minimax|loop invariant|recurrence relation|prisoner['’]?s['’]? dilemma|game[- ]theor(?:y|etic)"
    r"|(?:formal|rigorous) (?:argument|proof)|(?:give|provide|with) (?:a|the) proof)\b"
    r"|证明|推导|论证|归纳法|反证|纳什均衡|博弈|求证|循环不变量",
    re.IGNORECASE,
)
_WHOLE = (
    r"(?:systems?|platforms?|engines?|pipelines?|frameworks?|infrastructures?|architectures?|stacks?|solutions?|services?|servers?"
    r"|databases?|stores?|storage|compilers?|interpreters?|schedulers?|protocols?|networks?|clusters?|marketplaces?|applications?"
    r"|apps?|suites?|runtimes?|orchestrators?|gateways?|brokers?|clients?|backends?|simulators?|kernels?|strateg(?:y|ies)|workflows?)"
)
_BUILDS = re.compile(
    rf"^\W*(?:(?:please|can you|could you|help me|i (?:want|need) (?:you )?to) )?(?:re-?)?(?:design|build|architect|develop|engineer|construct)\b"
    rf"|\b(?:design|build|architect|implement|create|develop|write|set up|plan)\b[^.?!\n]{{0,80}}\b{_WHOLE}\b[^?]{{0,40}}"
    r"\b(?:with|including|that (?:supports?|handles?|includes?|provides?)|supporting|handling|using|for|from)\b"
    r"|\b(?:implement|create|write|develop)\b[^.?!\n]{0,90}\b(?:with|including|supporting|handling)\b[^.?!\n]{0,90},"
    r"|\b(?:implement|set up|analy[sz]e|optimi[sz]e|refactor)\b[^?\n]{0,120},[^?\n]{0,120},? (?:and|or)\b"
    r"|^\W*(?:please )?(?:optimi[sz]e|refactor|re-?engineer|profile and)\b[^?\n]{50,}"
    r"|\bimplement\b[^?\n]{0,90}\b(?:with|that supports?|supporting)\b|优化[^？?\n]{0,40}[：:][^？?\n]*[、和]"
    r"|\b(?:migrate|migration (?:plan|strategy|from)|threat model|penetration test|security (?:audit|review|analysis)"
    r"|capacity plan|disaster recovery|zero[- ]downtime)\b"
    r"|^\W*(?:请|帮我|请帮我)?(?:设计|构建|搭建|开发|架构)|(?:设计|构建|搭建|开发|实现|编写|制定)(?:并实现)?一[个套种份][^？?]{0,60}"
    r"(?:系统|平台|引擎|框架|架构|流水线|管道|服务|方案|协议|编译器|数据库|网络|集群|应用|解释器|调度器|策略)"
    r"|(?:实现|编写|开发)[^？?]{0,60}(?:包括|包含|支持|带有|需要)|迁移(?:方案|策略|计划)|从.{1,30}迁移到|威胁建模|安全审计|容灾",
    re.IGNORECASE,
)
_PUZZLES = re.compile(
    r"\b(?:puzzle|knights? and knaves?|truth[- ]teller|who (?:is|are) (?:lying|telling the truth)|(?:each|every) of (?:them|whom)"
    r"|valid(?:ity of)? (?:argument|syllogism)|satisfiab|tautolog|predicate logic|propositional logic|first-order logic)\w*"
    r"|逻辑(?:谜|题|推理)|谁在说谎|真话|重言式|可满足|谓词逻辑|命题逻辑",
    re.IGNORECASE,
)
# Figures, reports and contracts that are weighed against each other or judged, not only named.
_FIGURES = (
    r"(?:Q[1-4]|quarter(?:ly)?|revenue|earnings|balance sheet|cash flow|financial (?:report|statement|result)s?|annual report"
    r"|margins?|contracts?|clauses?|trade-?offs?|risks?|year[- ]over[- ]year)"
)
_ANALYSES = re.compile(
    rf"\b(?:compare|contrast|analy[sz]e|assess|evaluate|forecast|model)\b[^?\n]{{0,80}}\b{_FIGURES}\b"
    r"|(?:对比|比较|分析|评估|预测|解读)[^？?\n]{0,30}(?:财报|季度|营收|利润|报表|年报|现金流|合同|条款|风险|同比|环比|去年同期)"
    r"|(?:财报|营收|利润|合同)[^？?\n]{0,30}(?:对比|分析|评估|预测|同比|环比)",
    re.IGNORECASE,
)
_THEORIES = re.compile(
    r"\bexplain\b[^?\n]{0,60}\b(?:principles?|theory|mechanism|theorem|entanglement|relativity|quantum)\b"
    r"|(?:解释|阐述|说明)[^？?\n]{0,30}(?:原理|机制|机理|理论|定理)",
    re.IGNORECASE,
)
_CUES = (
    ("asks for a proof", _PROVES),
    ("asks for a whole system", _BUILDS),
    ("is a puzzle", _PUZZLES),
    ("weighs figures or a contract", _ANALYSES),
    ("explains a theory", _THEORIES),
)


# "What is proof of work?" asks for a definition.
_DEFINES = re.compile(
    r"^\W*(?:what(?: is|'s|’s| are| does)|who (?:is|was|invented)|define|什么(?:是|叫)|.{1,20}(?:是什么|是什么意思|是谁)[？?]?$)",
    re.IGNORECASE,
)
SHORT_CHARS = 50


def cues(question: str) -> tuple[str, ...]:
    """Which of these the question is, in words; none for most."""
    question = reading(question)
    if len(question) <= SHORT_CHARS and _DEFINES.search(question):
        return ()
    return tuple(words for words, pattern in _CUES if pattern.search(question))
