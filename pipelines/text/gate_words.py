"""The gates' tables: words of which different ones mean different answers, in English and Chinese."""

from __future__ import annotations

# fmt: off
# Each row names two sides of an action or a quality; the same row's sides have different answers.
OPPOSITES: tuple[tuple[str, str], ...] = (
    (r"upgrad\w*", r"downgrad\w*"),
    (r"open(?:ing|ed)?", r"clos(?:e|es|ed|ing)"),
    (r"enabl\w*|activat\w*|turn on", r"disabl\w*|deactivat\w*|turn off"),
    (r"add(?:ing|ed)?", r"remov\w*|delet\w*"),
    (r"increas\w*|rais(?:e|ing)", r"decreas\w*|lower\w*|reduc\w*"),
    (r"buy(?:ing)?|purchas\w*", r"sell(?:ing)?"),
    (r"deposit\w*|top\w*[ -]?up", r"withdraw\w*"),
    (r"send(?:ing)?|sent", r"receiv\w*"),
    (r"start\w*", r"stop\w*|cancel\w*"),
    (r"subscrib\w*", r"unsubscrib\w*"),
    (r"lock(?:ed|ing)?|freez\w*|block\w*", r"unlock\w*|unfreez\w*|unblock\w*"),
    (r"refund\w*", r"exchang\w*|replac\w*"),
    (r"before", r"after"),
    (r"debit", r"credit"),
    (r"personal", r"business"),
    (r"minimum|min", r"maximum|max"),
    (r"tops?(?![ -]?ups?)", r"bottoms?"), (r"left(?! (?:over|in|on|to|me|a|the))", r"right(?! (?:now|away|to|of))"), (r"front", r"back(?! (?:my|the|it|to|in|on|up|from|into))|rear"),
    (r"upper", r"lower"), (r"old(?:er|est)?", r"new(?:er|est)?|young(?:er|est)?"), (r"hot(?:ter)?", r"cold(?:er)?"), (r"inside|indoors?|interior", r"outside|outdoors?|exterior"), (r"inner", r"outer"), (r"upstairs", r"downstairs"), (r"forwards?", r"backwards?"), (r"horizontal(?:ly)?", r"vertical(?:ly)?"),
    (r"positive", r"negative"), (r"if", r"unless"), (r"can|may|could", r"must"), (r"at once", r"once(?! i)"), (r"includ\w*", r"except|excluding"), (r"major", r"minor"), (r"senior", r"junior"), (r"inputs?", r"outputs?"), (r"odd", r"even(?= numbers?)"), (r"plus", r"minus"), (r"love\w*|like", r"hate\w*|dislike"),
    (r"big(?:ger|gest)?|large[rst]*", r"small(?:er|est)?"), (r"long(?:er|est)?(?= \w+ (?!does|do|is|will|to|it))|longest|longer", r"short(?:er|est)?"),
    (r"high(?:er|est)", r"low(?:er|est)"), (r"heav(?:y|ier|iest)", r"light(?:er|est)|lightweight"), (r"full", r"empty"), (r"wet", r"dry"), (r"wide[rst]*", r"narrow(?:er|est)?"),
    (r"early|earlier|earliest", r"late|later|latest"), (r"fast(?:er|est)?|quick(?:er|est)?", r"slow(?:er|est)?"), (r"public", r"private"), (r"internal", r"external"),
    (r"domestic(?:ally)?|national", r"international(?:ly)?|abroad|overseas|foreign"), (r"permanent(?:ly)?", r"temporar(?:y|ily)"), (r"manual(?:ly)?", r"automatic(?:ally)?"),
    (r"single", r"double|twin"), (r"male|men|boys?", r"female|women|girls?"), (r"adults?", r"child(?:ren)?|kids?"), (r"summer", r"winter"), (r"mornings?", r"evenings?|nights?"),
    (r"north(?:ern)?", r"south(?:ern)?"), (r"east(?:ern)?", r"west(?:ern)?"), (r"import\w*", r"export\w*"), (r"incoming|inbound", r"outgoing|outbound"),
    (r"upload\w*", r"download\w*"), (r"gross", r"net"), (r"fixed", r"variable|floating"), (r"used|second[- ]?hand|pre-owned", r"brand[- ]new"), (r"wired", r"wireless"),
    (r"physical", r"virtual|digital"), (r"ris(?:e|es|ing|en)|rose|went up|going up", r"fall(?:s|ing|en)?|fell|drop(?:s|ped|ping)?|went down|going down"),
    (r"arriv\w*", r"depart\w*"), (r"push\w*", r"pull\w*"), (r"lend\w*|lent", r"borrow\w*"), (r"accept\w*", r"reject\w*|declin\w*|refus\w*"),
    (r"allow\w*|permit\w*", r"forbid\w*|ban(?:ned|s)?|prohibit\w*"), (r"includ\w*", r"exclud\w*"), (r"employers?", r"employees?"), (r"landlords?", r"tenants?"),
    (r"senders?", r"recipients?|receivers?"), (r"with(?! (?:me|you|us|my|your|regards?|respect))", r"without"), (r"more expensive|dearer", r"cheaper"), (r"better", r"worse"), (r"best", r"worst"),
    (r"most", r"least(?<!at least)"), (r"everyone|everybody", r"nobody|no one"), (r"entry|entrance|enter(?:ing)?", r"exit(?:ing)?"), (r"check[- ]?in", r"check[- ]?out"),
    (r"connect(?:ed|ing|s)?", r"disconnect\w*"), (r"log(?:ging)?[- ]?in|sign(?:ing)?[- ]?in", r"log(?:ging)?[- ]?out|sign(?:ing)?[- ]?out"), (r"install\w*", r"uninstall\w*"),
    (r"join(?:ing|ed)?", r"leav(?:e|ing)|quit\w*"), (r"approv\w*", r"den(?:y|ied|ies)|disapprov\w*"), (r"renew\w*", r"cancel\w*|terminat\w*"), (r"visible|show(?:ing)?", r"hidden|hid(?:e|ing)"),
    (r"prepaid|pre-paid|prepay", r"postpaid|post-paid"), (r"taxable", r"tax[- ]free|tax-exempt"), (r"one[- ]way", r"round[- ]trip|return ticket"), (r"gain(?:s|ed)?|profits?", r"loss(?:es)?"),
    (r"pick(?:ing|ed)?[ -]?up", r"drop(?:ping|ped)?[ -]?off"), (r"(?<=the )(?:start|beginning)", r"(?<=the )end"), (r"(?<!pick )(?<!sign )(?<!top )(?<!back )(?<!set )(?<!end )up(?! to| with)", r"down(?!load)"),
    (r"existing|current", r"new"), (r"original", r"return"), (r"independent", r"official|authori[sz]ed"), (r"recommended|suggested|optional|voluntary", r"mandatory|required|compulsory|obligatory"),
    (r"recommended", r"maxim(?:um|al)"), (r"recommended", r"minim(?:um|al)"), (r"allowed|permitted", r"required|mandatory"), (r"ascending", r"descending"), (r"inclusive", r"exclusive"), (r"preceding", r"following"),
    (r"fully|entirely|completely|whole|full", r"part(?:ly|ially|ial)?|partial"), (r"first", r"last"), (r"courier|driver|carrier", r"customer|buyer"), (r"with permission", r"without permission|despite"), (r"employed", r"self-employed|unemployed"),
    (r"opened", r"unopened"), (r"paid", r"unpaid"), (r"expected", r"unexpected"), (r"limited", r"unlimited"), (r"insured", r"uninsured"), (r"verified", r"unverified"), (r"mute[ds]?", r"unmute[ds]?"), (r"follow(?:ing)?", r"unfollow(?:ing)?"),
    ("退货|退掉|退款|退钱", "换货|更换|调换"),
    ("男", "女"), ("成人|大人|成年", "儿童|小孩|孩子|未成年"), ("新(?=用户|客户|会员|顾客|客|生)", "老(?=用户|客户|会员|顾客|客|生)"), ("首(?=[月次年单套])", "次(?=[月年])|二(?=[次套])|每(?=次)"), ("[日期饭餐睡]前", "[日期饭餐睡]后"),
    ("设置|设定|开启|打开", "取消|关闭"), ("加(?=好友|群|人)|添加", "删(?=好友|除|人)"), ("开通", "取消(?!开通)"), ("关注", "取关|取消关注"), ("拉黑|屏蔽", "取消拉黑|取消屏蔽|解除"), ("加入", "退出"), ("甲方", "乙方"), ("定期", "活期"), ("全额|全部", "部分"),
    ("单人", "双人"), ("单程", "往返"), ("预付", "后付"), ("寄件|发件", "收件|取件"), ("个人", "企业|公司|单位|对公"), ("实物|实体", "虚拟|电子"), ("全职", "兼职"), ("最早", "最晚"), ("最快", "最慢"), ("最大", "最小"), ("安装", "卸载"), ("连接", "断开"),
    ("入住", "退房"), ("借出", "借入"), ("入职", "离职"), ("盈利|赚", "亏"), ("批准|同意|通过", "拒绝|驳回"), ("上班", "下班"), ("上车", "下车"), ("上架", "下架"), ("公积金", "商业"), ("订阅", "退订"), ("静音", "取消静音"), ("夏", "冬"),
    ("开通|打开|开启|启用|开户", "关闭|关掉|停用|注销|销户"),
    ("绑定|添加", "解绑|解除|删除|移除"),
    ("充值|存入|转入", "提现|取出|转出"),
    ("升级", "降级"),
    ("提高|增加|提升", "降低|减少"),
    ("提前", "延期|推迟|延后"),
    ("冻结|挂失|锁定", "解冻|解挂|解锁"),
    ("买入|购买", "卖出|出售"),
    ("借入|借款|借钱", "还款|还钱"),
    ("之前|以前", "之后|以后"),
    ("最少|最低", "最多|最高"), ("左", "右"), ("上面|上方|顶部", "下面|下方|底部"), ("里面|室内", "外面|室外"), ("成功", "失败"), ("国内", "国外|境外|海外"), ("自动", "手动|人工"), ("公开", "私密|隐藏"), ("有线", "无线"), ("线上", "线下"), ("早上|上午|早晨", "晚上|下午|夜里"), ("收入|收款|收钱", "支出|付款|付钱"), ("到达|到站", "出发|发车"), ("进口", "出口"), ("上传", "下载"), ("登录|登陆", "退出|登出"), ("允许", "禁止|不许"), ("涨", "跌|降价"), ("买家", "卖家"), ("房东", "租客|房客"), ("真的?货", "假的?货"), ("新的|新款", "旧的|旧款|老款"), ("大号", "小号"), ("升高|上升|上涨", "下降|下跌")
)


# Each row names alternatives of one kind: questions that name different ones have different answers.
ALTERNATIVES: dict[str, tuple[str, ...]] = {
    "weekday": ("mondays?", "tuesdays?", "wednesdays?", "thursdays?", "fridays?", "saturdays?", "sundays?", "weekends?", "周一|星期一", "周二|星期二", "周三|星期三", "周四|星期四", "周五|星期五", "周六|星期六", "周日|星期天|星期日",),
    "month": ("january", "february", "march(?! to)", "april", "june", "july", "august", "september", "october", "november", "december",),
    "day": ("today", "tomorrow", "yesterday", "今天|今日", "明天|明日", "昨天|昨日", "后天", "前天"),
    "period": ("daily|per day|a day", "weekly|per week|a week", "monthly|per month|a month", "yearly|annual(?:ly)?|per year|a year", "每天|每日", "每周", "每月|包月", "每年|包年",),
    "payment": ("visa", "master ?card", "amex|american express", "paypal", "apple ?pay", "google ?pay", "klarna", "sepa", "bank transfer", "gift ?cards?", "支付宝", "微信", "银行卡|储蓄卡", "信用卡", "花呗", "京东白条", "云闪付|银联",),
    "brand": ("iphone|ipad|apple(?! ?pay)", "samsung|galaxy", "huawei", "xiaomi", "pixel", "android", "windows", "macos|mac", "linux", "苹果", "华为", "小米", "三星", "安卓",),
    "plan": ("free|trial", "basic|starter", "standard", "plus", "premium", "pro|professional", "business", "enterprise", "gold", "silver", "platinum", "普通会员", "黄金会员|金卡", "白金会员|白金卡", "钻石会员", "企业版", "个人版", "标准版", "高级版",),
    "region": ("eu|europe", "us|usa|united states|america", "uk|united kingdom|britain|england", "germany", "france", "spain", "italy", "china", "japan", "india", "canada", "australia", "switzerland", "austria", "norway", "sweden", "中国|国内|大陆", "美国", "欧洲", "日本", "香港", "台湾", "英国", "国外|海外",),
    "person": ("wife|wife['’]s", "husband|husband['’]s", "son|son['’]s", "daughter|daughter['’]s", "mother|mum|mom|mother['’]s", "father|dad|father['’]s", "brother|brother['’]s", "sister|sister['’]s", "friend|friend['’]s", "child(?:ren)?|kids?", "老婆|妻子|太太", "老公|丈夫|先生", "儿子", "女儿", "妈妈|母亲", "爸爸|父亲", "朋友", "孩子|小孩", "同事", "对象|女朋友|男朋友",),
    "place": ("online", "offline|in[- ]store|in the shop", "线上|网上", "线下|门店|实体店"),
    "money": ("refunds?", "payments?(?! method)", "deposits?", "cash ?back", "invoices?", "coupons?|vouchers?"),
    "meal": ("breakfasts?", "lunch(?:es)?", "dinners?|suppers?", "早餐|早饭", "午餐|午饭|中饭", "晚餐|晚饭"),
    "animal": ("cats?|kittens?", "dogs?|pupp(?:y|ies)", "horses?", "birds?", "猫", "狗|犬"),
    "vehicle": ("trains?", "bus(?:es)?|coach(?:es)?", "planes?|flights?", "ferr(?:y|ies)|ships?(?= to| from)", "taxis?|cabs?", "火车", "高铁|动车", "飞机|航班", "公交|大巴", "地铁", "出租车|打车"),
    "document": ("passports?", "driv(?:er['’]s|ing) licen[cs]es?", "id cards?|identity cards?", "护照", "身份证", "驾照|驾驶证", "户口本?", "营业执照"),
    "contact": ("e-?mail(?: address)?", "(?:phone|mobile|telephone) number", "邮箱|电子邮件", "手机号码?|电话号码?", "地址"),
    "paper": ("labels?", "invoices?", "receipts?", "发票", "收据", "合同"),
    "bank": ("工行|工商银行", "建行|建设银行", "农行|农业银行", "中行|中国银行", "招行|招商银行", "交行|交通银行", "邮储|邮政银行", "浦发", "平安银行", "中信银行", "光大银行", "民生银行"),
    "shop": ("淘宝", "天猫", "京东", "拼多多", "抖音", "闲鱼", "美团", "饿了么", "amazon", "ebay", "etsy", "netflix", "spotify", "youtube"),
    "city": ("北京", "上海", "广州", "深圳", "杭州", "南京", "武汉", "成都", "重庆", "西安", "天津", "苏州", "长沙", "郑州", "青岛", "厦门", "泰国|曼谷", "越南", "韩国|首尔", "新加坡", "马来西亚"),
    "colour": ("红色", "黑色", "白色", "蓝色", "绿色", "黄色", "灰色", "粉色"),
    "size": ("cheap(?:er|est)?", "(?:more |most )?expensive", "便宜", "贵"),
}
# A third person's affairs are not one's own: naming one against naming none counts too.
AGAINST_NONE = frozenset({"person"})

# What is asked for: a sum, a time, a place, a reason. A question of one kind is no rewording of another's.
FOCUS: tuple[tuple[str, str], ...] = (
    ("cost", r"\bhow much\b(?! time)|\b(?:price|cost|fee|charge)s?\b|多少钱|价格|费用|收费|运费(?!多久)"),
    (
        "duration",
        r"\bhow (?:long|soon|quickly|fast)\b|\bhow much time\b|\bhow many (?:days|weeks|hours|minutes)\b|\bwhen\b|多久|多长时间|几天|什么时候|何时",
    ),
    ("count", r"\bhow many (?!days|weeks|hours|minutes)|几个|几次|多少[个次张件]"),
    ("where", r"\bwhere\b|哪里|哪儿|在哪"),
    ("why", r"\bwhy\b|为什么|为何|怎么会"),
)

# What a number counts, behind it or (a currency's sign) before it; those of one name are one unit.
UNITS: dict[str, str] = {
    word: name
    for name, words in {
        "kg": "kg kilo kilos kilogram kilograms 公斤", "g": "g gram grams 克", "lb": "lb lbs", "jin": "斤", "oz": "oz ounce ounces",
        "km": "km kilometre kilometres kilometer kilometers 公里", "mile": "mi mile miles", "m": "m metre metres meter meters 米",
        "cm": "cm 厘米", "mm": "mm 毫米", "inch": "inch inches 寸",
        "gb": "gb gigabyte gigabytes", "mb": "mb megabyte megabytes", "tb": "tb terabyte terabytes",
        "am": "am", "pm": "pm", "percent": "% percent 折",
        "minute": "min mins minute minutes 分钟", "hour": "h hour hours hrs 小时", "day": "day days 天", "week": "week weeks 周",
        "month": "month months 个月", "year": "year years 年", "period": "期",
        "dollar": "$ usd dollar dollars 美元 美金", "euro": "€ eur euro euros 欧元", "pound": "£ gbp pound pounds 英镑",
        "yuan": "¥ ￥ rmb cny yuan 元 块", "yen": "jpy yen 日元", "times": "time times 次", "piece": "件 个 张 台",
    }.items()
    for word in words.split()
}

# Words that carry no thing and relate none: a question may have them anywhere.
SAY_LITTLE = frozenset(
    (  # noqa: SIM905 - a list of a hundred quoted words would hide them
        "a an the my your our their this that is are am was were be been do does did have has had can could will would"
        " shall should may might must i you we they he she it me us them and or but so if"
        " please just also now how what when where why which who there any some not no"
    ).split()
)
# fmt: on
