"""Words that tell a turn that stands alone: what every service has, a way to do something, what was said of the user."""

from __future__ import annotations

import re

# What every shop, bank or service has and what is the same whatever was spoken of: a return or a fee is not, it may be
# that of what was spoken of.
SELF_CONTAINED = re.compile(
    r"\b(?:password|passcode|pin|account|log ?in|sign ?in|sign ?up|username|profile|registration|e-?mail|phone number|address|newsletter|receipt|invoice"
    r"|notifications?|language settings?|two[- ]factor|2fa|payment method|gift ?cards?|vouchers?|coupons?|promo(?:tion)? codes?|loyalty|privacy|cookies"
    r"|customer (?:service|support)|support team|wi-?fi|pay|payments?|card)\b"
    r"|支付|付款|密码|密碼|账[户号]|帐[户号]|[帳賬][戶號]|登[录陆錄]|注[册冊]|手机号|手機號|验证码|驗證碼|收货地址|收貨地址|发票|發票|积分|積分|优惠[券码]|優惠券|客服|隐私|隱私|注销|註銷",
    re.IGNORECASE,
)


# A way to do something. "How much", "which" and "when" ask about a thing, and that thing may be what was spoken of.
PROCEDURE = re.compile(
    r"(?:^|[,;.!] ?)(?:(?:and|but|so) )?(?:please (?:\w+ ){1,2}my\b|(?:(?:please|can you|could you) (?:tell me|explain|show me) )?(?:how (?:do|can|could|should|would|to)\b|where (?:do|can) i\b|can i\b|could i\b|is it possible to\b))"
    r"|怎么(?!回事|了|这么|那么|还)|怎麼|怎样|怎樣|如何|在哪(?:里|儿|裡)?(?=.)|可以(?=.{2,}[吗嗎])|能(?=.{2,}[吗嗎])",
    re.IGNORECASE,
)


# Words that every service's customers use, and words for a quality of what is spoken of: neither names a thing.
OF_A_SERVICE = re.compile(
    r"\b(?:refund|return|exchange|deliver|ship|parcel|order|billing|subscription|membership|warranty|guarantee|opening hours|branch|transfer|currenc|insurance|loan|booking|reservation|check[- ]?(?:in|out)"
    r"|luggage|parking|breakfast)",
    re.IGNORECASE,
)


OF_ANY_THING = re.compile(
    r"(?:refunds?|returns?|returned|exchanged?|delivery|deliver\w*|shipp?\w*|parcels?|packages?|orders?|ordered|billing|bills?|subscriptions?|membership|warranty|guarantee|opening|hours|numbers?"
    r"|stores?|shops?|branch|cards?|transfers?|atm|currency|currencies|verification|verify|identity|data|insurance|claims?|policy|loans?|interest|fees?|limits?|bookings?|reservations?|check\w*|luggage"
    r"|baggage|parking|breakfast|documents?|costs?|prices?|pric\w+|charges?|times?|days?|periods?|deadlines?|requirements?|options?|phone|address|e-?mail|password|pin|accounts?|log|sign\w*|pay\w*"
    r"|receipts?|invoices?|app|website|service|support|customers?|accept\w*|support\w*|open\w*|clos\w+|available|minimum|maximum|usual\w*|general\w*|first|new|old|best|different|all|sell\w*|buy\w*|send\w*"
    r"|receiv\w+|abroad|online|home|month\w*|year\w*|week\w*|day|currently|difference|types?|kinds?)"
)


# What an assistant said of the user: the next question may be about that.
TOLD = re.compile(
    r"\b(?:you (?:have|had|are|were|got|own|bought|ordered|booked|chose|selected|mentioned)|you're|you've|your (?!password\b|account settings)[\w-]+(?: [\w-]+){0,3} (?:is|are|was|were|has|have|will))\b"
    r"|[您你][的]?[^，,。.？?]{0,12}(?:是|有(?!任何|什么|問題|问题|需要)|为|為|已|属于|屬於)",
    re.IGNORECASE,
)


OTHER_SCRIPT = re.compile(r"[\u0400-\u04ff\u0590-\u06ff\u0900-\u0e7f\u3040-\u30ff\u1100-\u11ff\uac00-\ud7af]")
