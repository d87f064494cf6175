"""Questions about whoever asks: "what is my balance" has another answer for each user, whoever writes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.text.asker_states import asks_for_a_state
from pipelines.text.han import KANA, simplified
from pipelines.text.reading import bare, readings, unaccented

if TYPE_CHECKING:
    from collections.abc import Sequence

# A way to do something is the same for all, also with one's own things; what is there, how much, where and when is not.
LONGEST_CHARS = 2_000
_HOW_TO = re.compile(
    r"^\W*(?:please,? |hi,? |hello,? )*(?:how (?:do|can|could|should|would|to)\b|(?:can|could|may) i (?!know|see|have|get|check|hear)\b|is it possible|what (?:do|should|can) i\b"
    r"|where (?:can|do|could) i (?:see|check|view|find|change|track|download|read)\b|what (?:is|are|'s) the (?:way|steps?|process)|cómo (?:puedo|se)|wie (?:kann|ändere|lösche)|comment (?:puis|faire|changer))",
    re.IGNORECASE,
)
_ASKS_FOR_ONES_OWN: dict[str, str] = {
    "en": (
        r"\b(?:what|who)(?:'s|s| is| are| was| were) (?:\w+ )?my\b(?! (?:\w+ ){0,2}(?:options?|choices|chances|rights|next steps?|alternatives|possibilities))|\bwhat my (?:\w+ ){1,3}(?:is|are)\b"
        r"|\bhow much (?:money |credit |cash |data )?(?:do i (?:owe|still owe|have(?! to))|did i|have i|i (?:owe|have(?! to)|spent)|is (?:left )?(?:in|on) my|is my|are my)\b"
        r"|\bhow (?:many|much) (?:\w+ ){0,3}?(?:do i have(?! to)|have i|did i|i have left|(?:are|is) left)\b"
        r"|\b(?:where|when)(?:'s| is| are| was| were| will| does| do| did) my\b"
        r"|\b(?:can|could|may) i (?:know|see|have|get|check|hear) my\b(?!.{0,40}\b(?:wrapped|left|back|replaced|online|delivered|sent|shipped|engraved|repaired|changed|exchanged|refunded)\b)|\bwhat(?:'s| is| are) our\b|\bwhere ?s my\b|\bwhy (?:was|were|am|did|have) i\b(?! need| have to)"
        r"|\bhow much (?:was|were|am|have) i\b|\b(?:have|am|was) i (?:been )?(?:charged|approved|accepted|billed|paid|refunded|rejected|banned|blocked|due|enrolled)\b|\bdid (?:you|they) (?:get|receive|process|send|ship) my\b"
        r"|\bwhat (?:\w+ ){1,2}am i (?:on|taking|in|under)\b|\b(?:e-?mail|phone|address|name|card) (?:is )?on (?:the|my) account\b|\bwhat (?:time|day|date) is my\b|\bwhat (?:did i|have i)\b"
        r"|\bwhen (?:will|do|can|should) i (?:get|receive|have|expect) (?:my|the|it)\b|\bdo you have my\b|\b(?:have|got) (?:for|of|about) me\b|\bon file\b"
        r"|(?<!to )\b(?:is|are|was|were|has|have|did|does|will) my (?!data\b|information\b)\w+(?: \w+){0,2}? (?!be used|work (?:in|with|abroad))(?:been |still |already |yet |now )*"
        r"(?:active|activated|blocked|frozen|locked|suspended|paid|shipped|sent|delivered|arriv\w*|here|ready|approved|confirmed|verified|cancell?ed|refunded|processed|received|pending|overdue|expir\w*|renew\w*|complete\w*|go(?:ne)? through|come|came|due)\b"
        r"|\bdo i (?:still |currently |already )?(?:have any|have an? (?:open|unpaid|outstanding|active|pending)|have enough|owe)\b"
        r"|\b(?:am|was) i (?:still |already |currently )?(?:a member|registered|subscribed|verified|insured|covered|logged|enrolled|eligible|on the|in the)\b"
        r"|\bwhich (?:plan|tariff|tier|account|address|email|card|subscription) (?:am i|do i have|is mine|did i|have i)\b"
        r"|^\W*(?:please |can you |could you |would you )*(?:show|tell|give|send|read|list|check)(?: me)?(?: what)? my\b(?! \w+ (?:how|to))"
        r"|^\W*my (?:\w+ )?(?:balance|orders?|order status|points|bill|invoices?|plan|limit|score|bookings?|appointments?|subscription)\W*$"
        r"|(?<!to )\b(?:has|have|had|did) (?:my|our)\b|\b(?:have|did|are|were|will) you\b[^.?!]{0,40}\b(?:my|me|i)\b(?! (?:how|to|what|where|understand))"
        r"|(?<!to )(?<!why )\b(?:is|are|was|were) my (?:\w+ ){1,2}(?:been |still |already |yet |now )*(?:resolved|issued|accepted|declined|rejected|closed|open|late|delayed|lost|stuck|on (?:hold|its way|time))\b"
        r"|\bwhy (?:did|have|were) you\b[^.?!]{0,30}\b(?:my|me)\b|\bwhy is my (?:\w+ )?(?:bill|order|parcel|package|delivery|refund|invoice)\b"
        r"|^\W*(?:please |can you |could you )*(?:track|trace|locate|look up|view|get|fetch)(?: me)? my\b"
        r"|^\W*(?:my )?(?:(?:order|account|shipping|delivery|refund|parcel|package|payment|claim|ticket|application) (?:status|balance|history)|balance)\b(?: please)?\W*$"
        r"|\b(?:tell me|show me|know|wonder(?:ing)?|see|check|idea|say) (?:if |whether )?(?:where|when|what|how much|how many|why)? ?(?:is |are )?my\b(?! \w+ (?:how|to)\b)[^.?!]*\b(?:is|are|was|has|arrive\w*|shipped|due)\b"
        r"|^\W*(?:what|who|how much|when)\b[^.?!]{0,40}\b(?:limit|owed|due|left|remaining|logged|spent|charged|listed)\b[^.?!]{0,12}\b(?:on|in|into|of|from) my\b"
        r"|\b(?:balance|status|state|history) (?:of|on|for) my\b|\bmy (?:account |current |remaining |card )?balance\b(?=\W*$)"
    ),
    "es": r"\bcuánt[oa]s? (?:\w+ )?(?:debo|tengo|me queda\w*|he gastado)\b|\bestado (?:de|del) mi\b|\b(?:ha|han|está|están|llegó|llegaron) (?:\w+ )?mis?\b|\bmis? \w+ (?:ya )?(?:ha|han|está|están|llegó)\b|\bpor qué (?:me|mi|está mi|han)\b.{0,20}\b(?:cobr|bloque|rechaz|cancel)|\b(?:cuál|cuánto|cuántos|dónde|cuándo)\b.*\bmi(?:s)?\b (?:saldo|pedido|paquete|factura|plan|cuenta|puntos|tarjeta|reembolso)|\bmi saldo\b",
    "pt": r"\bquant[oa]s? (?:\w+ )?(?:devo|tenho|me resta\w*|gastei)\b|\b(?:estado|status) d[oa] (?:meu|minha)\b|\b(?:meu|minha)s? \w+ (?:já )?(?:chegou|foi|está|foram)\b|\bonde (?:está|estão)\b.{0,12}\b(?:meu|minha)|\b(?:qual|quanto|quantos|onde|quando)\b.*\b(?:meu|minha|meus|minhas)\b (?:saldo|pedido|fatura|plano|conta|pontos|cartão|reembolso)|\bmeu saldo\b",
    "fr": r"\bcombien (?:\S+ )?(?:dois-je|je dois|ai-je|j'ai|me reste)|\b(?:état|statut|suivi) de (?:ma|mon|mes)\b|\b(?:ma|mon|mes) \w+ (?:est|a|ont|sont)(?:-\w+)* (?:déjà |bien |encore )?(?:arriv|été|exp[ée]di|livr|bloqu|pay|valid)|\bpourquoi (?:ma|mon|m'a|ai-je)|\b(?:quel|quelle|combien|où|quand)\b.*\b(?:mon|ma|mes)\b (?:solde|commande|colis|facture|forfait|compte|points|carte|remboursement)|\bmon solde\b",
    "de": r"\bwie ?viele?s? (?!zeit|tage|wochen)(?:\w+ )?(?:schulde|habe|hatte) ich\b|\bstatus mein|\b(?:ist|sind|wurde|wurden|hat|war) meine?[rnms]? \w+ (?:schon |bereits |noch )?\w*(?:angekommen|versandt|verschickt|bezahlt|gesperrt|storniert|bearbeitet|bestätigt|da|aktiv|fällig|unterwegs|genehmigt)\b|\bwarum (?:ist|wurde|war) mein|\b(?:wie hoch|wie viel|wieviel|wo|wann|welche[rsn]?)\b.*\bmeine?[rsnm]?\b (?:guthaben|kontostand|bestellung|paket|rechnung|tarif|konto|punkte|karte|erstattung)|\bmein (?:guthaben|kontostand)\b",
    "ru": r"\bсколько (?:у меня|я (?:должен|должна|потратил)|мне осталось)|\bстатус мо|\bмо[йяеи]\w* \w+ (?:уже )?(?:отправлен|доставлен|приш|оплачен|заблокирован|готов)|\bпочему мо|\b(?:какой|какая|сколько|где|когда)\b.*\bмо[йяеиёю]\w* (?:баланс|заказ|посылк|счёт|счет|тариф|карт)|\bмой баланс\b",
    # Languages without a row of ways to do something: where, when, how much, which … of mine; in doubt one's own.
    "it": r"\b(?:dove|dov|quando|quanto|quanti|quante|quale?|a che punto)\b.{0,60}\b(?:mio|mia|miei|mie)\b|\bmio (?:saldo|credito)\b",
    "nl": r"\b(?:waar|wanneer|hoeveel|hoe hoog|welke?|wat is|wat zijn)\b.{0,60}\b(?:mijn|m'n)\b|\bmijn (?:saldo|tegoed)\b",
    "pl": r"\b(?:gdzie|kiedy|ile|jaki|jaka|jakie|co z)\b.{0,60}\b(?:m[oó]j|moja|moje|mojej|mojego|moim|moich|mojego)\b|\bmoje saldo\b",
    "sv": r"\b(?:var|när|hur mycket|hur många|vilken|vad är)\b.{0,60}\b(?:min|mitt|mina)\b|\bmitt saldo\b",
    "da no": r"\b(?:hvor|hvornår|når|hvilken|hva er|hvad er)\b.{0,60}\b(?:min|mit|mitt|mine)\b",
    "fi": r"\b(?:missä|milloin|paljonko|kuinka paljon|mikä on)\b.{0,60}\b\w{2,}ni\b",
    "cs": r"\b(?:kde|kdy|kolik|jaký|jaká|jaké)\b.{0,60}\b(?:můj|moje|mé|mého|mém|moji|mojí)\b",
    "ro": r"\b(?:unde|când|cand|cât|cat|care este)\b.{0,60}\b(?:meu|mea|mele|mei)\b",
    "hu": r"\b(?:hol|mikor|mennyi|hány)\b.{0,60}\b\w{3,}(?:[aeoö]m)\b",
    "tr": (
        r"\bbenim\b.{0,60}\b(?:nerede|ne kadar|ne zaman|kaç|hangi)\b|\b(?:sipariş|bakiye|kargo|paket|fatura|hesab|iade|rezervasyon|puan|limit|borc|bilet|randevu)\w{0,4}?m(?:da|de)?\b"
        r"(?!.*\bnasıl\b).{0,60}\b(?:nerede|ne|kaç|hangi|durumu|ulaştı|geldi|gelecek|var)\b"
    ),
    "id": r"\b(?:di ?mana|kapan|berapa)\b.{0,60}\b(?:saya|aku|\w{3,}ku)\b|\b(?:saldo|pesanan|paket|tagihan|poin) ?(?:saya|aku|ku)\b.{0,60}\b(?:mana|berapa|kapan|sudah|belum)\b",
    "vi": r"\bsố dư\b.{0,20}\b(?:tôi|mình|em)\b|\bcủa (?:tôi|mình|em)\b.{0,60}\b(?:đâu|bao nhiêu|khi nào|bao giờ|chưa)\b|\b(?:đâu|bao nhiêu|khi nào|bao giờ)\b.{0,60}\bcủa (?:tôi|mình|em)\b",
    "uk": r"\b(?:де|коли|скільки|який|яка|яке)\b.{0,60}\bм(?:ій|оє|оя|оїх|оєї|ого|оєму|оїй)\b",
    "el": r"\b(?:πού|που|πότε|πόσο|πόσα|ποιο|ποια)\b.{0,60}\bμου\b",
    "he": r"\b(?:איפה|היכן|מתי|כמה)\b.{0,60}\bשלי\b",
    "ar": r"رصيدي|كم (?:أدين|علي|لدي)|هل (?:تم|وصل|وصلت)[^؟?]{0,20}(?:طلبي|شحنتي|حسابي|طردي|دفعتي)|(?:أين|اين|وين|متى|كم|حالة|وصل|ما هو|ما هي).{0,40}(?:طلبي|طلبيتي|شحنتي|فاتورتي|حسابي|موعدي|طردي|اشتراكي|نقاطي|بطاقتي|باقتي|حجزي)",
    "hi": r"मेर[ाीे].{0,40}(?:कहाँ|कहां|कितन|कब |कब\?|कौन)",
    "th": r"(?:ของ(?:ฉัน|ผม|ดิฉัน|หนู|เรา)).{0,30}(?:ที่ไหน|เท่าไ|เมื่อไ|ถึงไหน|หรือยัง)|ยอดเงินคงเหลือ",
}
_LATIN, _BARE = (
    re.compile("|".join(f"(?:{pattern})" for pattern in rows.values()), re.IGNORECASE)
    for rows in (_ASKS_FOR_ONES_OWN, bare(_ASKS_FOR_ONES_OWN))
)
# Chinese, Japanese, Korean: no spaces to hold on to.
_ASIAN = re.compile(
    r"我(?:的)?[^，,。?？]{0,10}(?:出来没|出来了|为什么被|为啥被|被(?:扣|冻结|拒|取消|封)|绑定的)|为什么我[^，,。?？]{0,8}被|我为(?:什么|啥)被|我绑定的|我(?:上次|最近|之前)(?:买|订|用|借)"
    r"|^\W*(?:查一?下?|查询)?(?:我的?)?(?:余额|订单状态|物流|积分|账单|还款日|话费|流量|额度)(?:查询|是?多少|还有多少|还剩多少|进度)?\W*$"
    r"|我(?:的)?(?:积分|额度|话费|流量|还款日|欠款)(?:是|有|还有)?(?:多少|几|什么时候|$)|我(?:还要|还得|还需要?|最多(?:可以|能)|这个月要|本月要)(?:再)?(?:还|借|交|付)多少|我(?:申请|提交|报名|中奖|通过|被录取|认证|买的[^，,。?？]{0,8}|订的[^，,。?？]{0,8})[^，,。?？]{0,6}(?:了吗|了没|到哪|发货|没到|没有$)|为(?:什么|啥)(?:要|会|老|又)?扣我"
    r"|我有(?:几|多少|哪些)(?!天|时间)|扣了我|我得了|帮我(?:查|看)|还剩多少(?:流量|话费|钱|次|天)|"
    r"(?<!《)(?:我|俺|本人)(?:的(?!世界)|在你们|名下|这边|账[户号]|卡里?|账上)[^?？。]{0,12}(?:多少|有几|几[个张次天号点]|余额|到哪|在哪|哪里了|什么时候(?:到|发|能到|到期)|何时到|到了[吗没]|到账[了吗没]|发货了?[吗没]|[了过][吗没]|状态|进度|剩|还有|是什么|是哪)"
    r"|我(?:什么时候|何时|几时)(?:能|可以|才能|会)?(?:收到|拿到|到账)|我(?:还|现在|目前|一共|总共|这个月|上个月|本月)?(?:欠|剩|花|用|存|借|有)了?(?:你们)?多少|我(?:的)?余额|我是(?:不是)?(?:什么)?(?:会员|vip)(?:等级)?[吗么?？]|我(?:的)?(?:订单|快递|包裹|退款|账单)(?:呢|到哪|怎么还没|$)"
    r"|^\W*(?:请|帮我?|麻烦)*(?:查一?下?|查询|看一?下?|告诉)(?:我|下)?我?的"
    r"|我(?:嘅|啲)[^?？。]{0,12}(?:喺邊|邊度|幾多|幾時|到未|去咗|未到)"
    r"|我(?:的)?(?:帳戶|帳號|餘額|訂單|包裹)[^?？。]{0,12}(?:多少|餘額|到哪|在哪|什麼時候|了嗎|狀態|$)|我的餘額"
    r"|(?:注文|荷物|配送|返金)(?:は|が)(?:いつ届|どこ|今どこ)|(?:私|僕|俺)の(?:残高|注文|荷物|請求|ポイント|プラン|予約)|(?:내|제|나의|저의) ?(?:계정|잔액|주문|택배|포인트|요금제|청구서|예약)",
    re.IGNORECASE,
)
_SUPPOSES = re.compile(r"\b(?:if|when|in case) (?:i|my|someone)\b|(?:如果|假如|要是)", re.IGNORECASE)
_HOW_TO_ZH = re.compile(
    r"下单后|在哪(?:里|儿)?(?:开|看|查|改|设置|领|申请|取消)|怎么(?!还没|没|样了)|怎样|如何|能不能|能否|可不可以|可以.{0,8}[吗么]|可否|是否可以|能.{0,6}吗"
)


# "How much do I owe if I pay today?"
_OWN_ALL_THE_SAME = re.compile(
    r"\bhow (?:much|many)\b[^.?!]{0,20}\b(?:do|have|did) i (?:still )?(?:owe|have(?! to)|spend|spent)\b|\bwhere(?:'s| is| are) my\b",
    re.IGNORECASE,
)
# Who is asked to look something up is asked for it: no way is asked for.
_LOOK_IT_UP = re.compile(
    r"(?:能不能|能否|可否|可不可以|可以|能)(?:帮我?|给我|麻烦|请)?(?:查|看|告诉|说|问)(?:一?下|看|我|询)*(?:吗|么)?"
)
_SENTENCE_END, _CLAUSE_END = re.compile(r"[.?!。？！;；]+"), re.compile(r"[,，、:：]+")
_EMPHASIS = re.compile(r"[*_~\"“”„]")


def about_the_asker(question: str) -> bool:
    """Does the question ask for something that differs from user to user?"""
    question = _EMPHASIS.sub("", question[:LONGEST_CHARS])
    read = [" ".join(one.split()) for one in readings(question)]
    if KANA.search(question):  # of Japanese, or of a Chinese question with a name or a の in it
        read.append(simplified(KANA.sub("", question.replace("の", "的"))))
    return _is_own(read) or any(_is_own([clause]) for one in dict.fromkeys(read) for clause in _clauses(one))


def _clauses(text: str) -> list[str]:
    """The sentences, and of those that suppose nothing the clauses: an exemption is of its own clause alone."""
    found = []
    for sentence in filter(None, map(str.strip, _SENTENCE_END.split(text))):
        parts = [] if _SUPPOSES.search(sentence) else _CLAUSE_END.split(sentence)
        found += [sentence, *(parts if len(parts) > 1 else ())]
    return [one.strip() for one in found] if len(found) > 1 else []


def _is_own(read: Sequence[str]) -> bool:
    if any(map(_SUPPOSES.search, read)) and not any(map(_OWN_ALL_THE_SAME.search, read)):
        return False  # "will my card be blocked if …": a rule for all
    if any(map(asks_for_a_state, read)):
        return True
    if any(map(_ASIAN.search, read)):
        return not any(_HOW_TO_ZH.search(_LOOK_IT_UP.sub("", one)) for one in read)
    asks = _LATIN.search(read[0]) or _BARE.search(unaccented(read[0]))
    return asks is not None and _HOW_TO.search(read[0]) is None
