"""How one's own parcel, payment or application stands, asked for without a word for "my": "has it shipped yet?"

What a service does in general ("when do refunds arrive?", "are orders shipped on Sundays?") is no such question: it asks
for a rule, names a condition, or speaks of all of a kind.
"""

from __future__ import annotations

import re

from pipelines.text.reading import bare, unaccented

LONGEST_CHARS = 120  # whose state is asked for is asked in a short sentence

_THING = (
    r"(?:package|parcel|order|shipment|delivery|item|goods|refund|payment|transfer|money|cash|deposit|loan|application|claim"
    r"|complaint|request|appointment|booking|reservation|invoice|account|subscription|courier|driver|technician|replacement"
    r"|return|cashback|bonus|salary|top-?up|cheque|check|card|registration|verification|withdrawal|code)s?"
)
_DONE = (
    r"(?:ship(?:ped)?|sent|dispatched|deliver(?:ed)?|arrived?|here|there|(?:go|gone|went|been put) through|come|came|credited"
    r"|processed|approved|rejected|accepted|declined|cancell?ed|refunded|paid|received|blocked|locked|frozen|suspended|closed"
    r"|ready|confirmed|pending|active|activated|booked|on (?:its|the|their) way|still on|issued|posted|cleared|verified"
    r"|expired|renewed|fixed|resolved|reimbursed|lost|stuck|delayed|late|out for delivery|picked up|collected|coming)"
)
_NOW = r"(?:been |already |yet |still |now |even |finally |just |actually |by now )*"
_THEN = r"(?:[ ,]+(?:yet|already|still|now|or not|today|(?:for )?tomorrow|tonight|please|at all|ok|okay|so far|by now|correctly|successfully))*\W*$"
_CLAUSE = r"(?:^\W*|[,.;:!?-]+ *|\b(?:and|but|so|or|hi|hello|hey|please|if|whether) )"
_ENGLISH = (
    rf"{_CLAUSE}(?:has|have|had|did|was|were) (?:it|they|the (?:\w+ )?{_THING}) {_NOW}{_DONE}\b{_THEN}"
    rf"|{_CLAUSE}(?:is|are) (?:it|the (?:\w+ )?{_THING}) {_NOW}{_DONE}\b{_THEN}"
    rf"|\bdid (?:you|they) (?:\w+ )?(?:get|receive|process|send|ship|cancel|approve|charge|refund)\w* (?:it|the (?:\w+ )?{_THING})\b(?: i (?:made|sent|placed))?{_THEN}"
    rf"|\bwhen (?:will|does|is|should|can) (?:it|the (?:\w+ )?{_THING}) {_NOW}(?:arriv\w*|com(?:e|ing)|get here|be (?:here|delivered|ready|refunded|credited|back|there)|due|here)\b{_THEN}"
    rf"|\bhow (?:much )?long(?:er)? (?:until|till|before|will it be until) (?:it|the (?:\w+ )?{_THING})(?:'s| is| gets| arrives| comes| will)\b"
    rf"|^\W*where(?:'s| is) the {_THING}{_THEN}|\bany (?:news|updates?|progress) (?:on|about|with|regarding|of) (?:it|the|this|that|ticket|order|claim|case)\b"
    rf"|\bstatus (?:of|on|for) (?:the|this|that|our|it)\b|^\W*(?:what(?:'s|s| is) )?(?:the )?(?:current|remaining|outstanding|account|available)? ?(?:balance|amount due){_THEN}"
    r"|^\W*(?:is it |it'?s |it says |it still says |it is )?still pending\W*$|^\W*it still says\b"
    r"|\b(?:when|what|where|how often|how much) did (?:i|we) (?:last )?(?:order|buy|pay|spend|log in|use|(?<!did we )get|sign|book|owe)\b"
    r"|\bwhat(?:'s|s| is| was) this (?:\w+ )?(?:charge|payment|transaction|debit|withdrawal)\b|^\W*who (?:used|made|signed|cancell?ed|placed|authori[sz]ed) (?:for )?(?:the|this|that) (?:card|payment|purchase|order|transaction|transfer|withdrawal|booking|charge|parcel|package|delivery)\b"
    r"|\bhow (?:much|high) (?:is|was) (?:the |this |last |that )+(?:month'?s? |week'?s? )?(?:bill|invoice)\b|\bwhy is (?:the|this) (?:month'?s? )?(?:bill|invoice)\b"
    r"|\b(?:are|were|is) we (?:still |already )?(?:covered|insured|on for|registered|eligible|booked|owed)\b|\b(?:what|how much) do we owe\b"
    r"|\bwhich (?:plan|tariff|tier|package|subscription|account) (?:do we have|are we on)\b|\bwhat(?: time|'s the time)? is (?:our|the) (?:appointment|booking|reservation|delivery slot)\b"
    rf"|\bwhen (?:does|will|is) (?:the|our) (?:contract|subscription|appointment|lease|loan)(?:'s)? (?:end|expire|due|renew|run out|over|up){_THEN}"
    r"|\bare we still on\b|\bwhich (?:phone|phone number|number|e-?mail|address|card) is on (?:the account|file)\b|\bwhat(?:'s|s| is) left on the\b"
)
_STATES = {
    "en": _ENGLISH,
    "es": (
        r"\b(?:ya |se |me )*(?:llegó|salió|hizo|realizó|procesó|envió|aprobó|canceló|pagó|abonó)(?: ya)? (?:el|la|mi) (?:pedido|paquete|reembolso|pago|transferencia|dinero|solicitud|envío|reserva)\W*$"
        r"|\bcuándo (?:llega|llegará|sale) (?:el|la|mi) (?:pedido|paquete|reembolso|pago|transferencia|dinero|envío)\W*$|\b(?:el|la) (?:pedido|paquete|reembolso|pago|transferencia) ya (?:ha |fue |está )"
    ),
    "pt": (
        r"\b(?:o|a|meu|minha) (?:pacote|encomenda|pedido|reembolso|pagamento|transferência|dinheiro) (?:já )?(?:chegou|foi (?:feit|envia|paga|aprova|cancela)\w*|saiu|caiu)\W*$"
        r"|\bquando (?:chega|sai|cai) (?:o|a) (?:pacote|encomenda|pedido|reembolso|pagamento)\W*$|\bjá (?:chegou|saiu|caiu|enviaram|aprovaram)\b.{0,30}$"
    ),
    "fr": (
        r"\b(?:le|la) (?:colis|commande|remboursement|paiement|virement|livraison|carte|compte|demande) (?:est|a)-t?-?(?:il|elle) (?:déjà |bien |encore )?(?:arriv|été|parti|livr|bloqu|valid|effectu|expédi|pass)\w*"
        r"|\bquand (?:arrive|arrivera|vient) (?:le|la) (?:colis|commande|remboursement|paiement|virement|livraison|livreur)\W*$|\boù (?:est|en est) (?:le|la) (?:colis|commande|remboursement|livraison)\W*$"
    ),
    "de": (
        r"\b(?:ist|sind|wurde|wurden|hat|war) (?:die|der|das) (?:paket|bestellung|zahlung|überweisung|erstattung|rückerstattung|lieferung|sendung|geld|karte|konto|antrag|termin|ware|gutschrift) (?:schon |bereits |noch |denn |jetzt )*"
        r"(?:\w*gebucht|da|angekommen|raus|\w*schickt|versandt|bezahlt|gesperrt|storniert|bearbeitet|bestätigt|aktiv|unterwegs|genehmigt|eingegangen|zugestellt|erstattet)\W*$"
        r"|\bwann kommt (?:die|der|das) (?:paket|bestellung|erstattung|lieferung|sendung|geld|techniker|ware)\W*$|\bwo (?:ist|bleibt) (?:die|der|das) (?:paket|bestellung|lieferung|sendung|geld|erstattung)\W*$"
    ),
    "ru": (
        r"\b(?:посылк|заказ|деньг|возврат|плат[её]ж|перевод|заявк|товар|курьер)\w* (?:уже |ещё |еще |не )*(?:пришл|пришёл|пришел|вернул|отправ|дошл|дошел|одобр|оплач|доставл|отмен)\w*\W*$"
        r"|\b(?:деньги|заказ|заявку|посылку) (?:уже )?(?:вернули|отправили|отменили|одобрили|доставили)\W*$|\bкогда (?:придёт|придет|прид\w+|доставят|вернут|привезут) (?:посылк|заказ|деньг|товар|возврат|курьер)\w*\W*$"
    ),
    "ar": r"هل (?:تم|وصل|وصلت|تمت) (?:رد|إرسال|شحن|تحويل|إلغاء|استلام)? ?(?:الطرد|الطلب|الشحنة|المبلغ|الدفع|التحويل|الاسترداد)|متى (?:يصل|تصل|سيصل) (?:الطرد|الطلب|الشحنة|المبلغ)",
}
_LATIN, _BARE = (
    re.compile("|".join(f"(?:{pattern})" for pattern in rows.values()), re.IGNORECASE)
    for rows in (_STATES, bare(_STATES))
)
_ASKS = r"(?:了吗|了没有?|了么|了嘛|没有?|没呢|了不|没了|(?<=成功)吗|(?<=完成)吗)"
_CAME = r"(?:到[账帐]|发货|寄出|寄|出库|签收|到货|到|退款|退|通过|批下来|批|成功|取消|冻结|封|锁|扣款|扣|放款|处理好?|完成|开出来|激活|生效|还上|付|收到|下来)"
_ASIAN = re.compile(
    # With 了 or 没: 吗 alone asks for a rule as well (退款能到[账帐]吗).
    rf"^\W*(?:请问|你好|您好|那|那个)?\W*(?:退款|钱|款|货|东西|快递|包裹|订单|申请|审核|贷款|工资|卡|[账帐][号户]|额度|转账|发票|预约|提现|充值|红包|报销|这笔|那笔)?(?:已经|还|到底|现在|是不是)?(?:被|给)?{_CAME}{_ASKS}\W*$"
    rf"|^[^，,。?？可能会]{{0,6}}(?:订单|快递|包裹|退款|申请|审核|[账帐][号户]|贷款|工资|付款|扣款|转账|充值|提现)(?:已经|还|到底|现在)?(?:被|给)?{_CAME}?(?:成功|失败|完成)?{_ASKS}\W*$"
    r"|^\W*(?:请问|那)?(?:快递|包裹|物流|外卖|师傅|货|退款|订单)(?:现在|今天)?(?:到|走到|在|送到)(?:哪|那)(?:里|儿)?了?\W*$|审核到哪|发没发货|到没到[账帐]|到[账帐]没到[账帐]"
    r"|^\W*(?:请问|那)?(?:快递|包裹|外卖|维修师傅|师傅|工资|退款|贷款)(?:今天|明天|还|到底)?(?:什么时候|啥时候|何时|几点|几时)(?:能|会|可以)?(?:到[账帐]?|来|送到?|退|放款|下来)\W*$|师傅(?:今天|明天)?还来"
    r"|还剩多少|还有多少(?:积分|流量|话费|余额|额度)|还欠(?:了)?多少|还要还多少|(?:这个月|本月|上个月|上月)的?(?:账单|话费|流量|还款|欠款)[^?？。]{0,6}多少|^\W*最低还款(?:额)?(?:是)?多少\W*$|^\W*还款日(?:是)?(?:哪天|几号|什么时候)"
    r"|(?:为什么|为啥|怎么)(?:又|会|老|给我)?扣了?我?(?:的钱)?(?:两|多|好几|2)次?|订单为(?:什么|啥)被|[账帐][号户]为(?:什么|啥)被|预约的时间是"
    r"|(?:昨天|上次|刚才|刚刚|刚|之前|前天|前几天|上周|那天)[^，,。?？]{0,4}(?:买|下单|下的单|付|转|订|寄|申请|退)[^?？。]{0,10}(?:了吗|呢|咋样|怎么样了|什么时候发|什么时候到|发了|到哪|撤回|能退吗|可以改)"
    r"|(?:之前|上次|昨天)(?:那个|的那个)?(?:订单|快递|包裹|申请)"
    r"|(?:荷物|注文|返金|商品|配送|入金|申請|予約|支払い)(?:は|が)?[^。?？]{0,8}(?:届きましたか|届いた|届いて(?:い)?ますか|発送され|されましたか|しましたか|完了しましたか|済みですか)|^\W*残高は"
    r"|(?:배송|환불|택배|주문|입금|결제|신청|승인|취소)(?:이|가|은|는)? ?(?:됐|되었|했|출발했|완료됐|도착했)(?:나요|어요|습니까)|택배 ?언제|^\W*잔액",
)
_A_RULE = re.compile(
    r"\b(?:if|once|after|unless|whenever|usually|normally|always|ever|typically|generally|automatically)\b"
    r"|如果|一般|通常|多久|几天|多长时间|之后|以后|会不会|怎么(?!又|会|老|给我|扣|样了)|如何|怎样|的话",
    re.IGNORECASE,
)


def asks_for_a_state(question: str) -> bool:
    """Does a question, as it is read (see reading), ask how one thing stands that somebody has?"""
    if len(question) > LONGEST_CHARS or _A_RULE.search(question):
        return False
    if not question.isascii() and _ASIAN.search(question):
        return True
    return _LATIN.search(question) is not None or _BARE.search(unaccented(question)) is not None
