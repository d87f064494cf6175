"""The tables of freshness, a row a language: what asks about this moment, what passes.

To add a language, add its row. Patterns of Latin, Cyrillic and Arabic script are matched as whole words.
"""

from __future__ import annotations

# fmt: off
# What is true now need not be true in a minute: time words, and things that change by themselves.
NOW: dict[str, str] = {
    "en": (r"right now|at (?:the|this) moment|currently|today(?:'s)?|tonight(?:'s)?|tomorrow(?:'s)?|this (?:week|weekend|month|morning|afternoon|evening|instant)"
           r"|now(?! that\b)|nowadays|real[- ]time|what(?:'s| is) the (?:time|date)(?=\W*$| (?:in|now|right|at|there|over|please|today|where)\b)|what(?:'s| is| are) the (?:latest|newest|most recent)|what time is it|what day (?:is it|of the week)|what(?:'s| is) today|so far (?:today|this)"
           r"|latest (?:news|offers?|deals?|promotions?|scores?|results?|prices?|rates?|figures|updates? on|status)|current (?:rates?|prices?|status|time|weather|balance|score|temperature|exchange|stock|wait\w*|president|ceo|version|offers?|promotions?|deals?)"
           r"|live (?:scores?|updates?|prices?|traffic|results?|status|chat available)|just now|as of today|up to date (?:price|rate)s?"),
    "es": r"ahora(?: mismo)?|hoy|esta (?:noche|mañana|tarde|semana)|este (?:momento|mes|fin de semana)|actualmente|en este momento|mañana|qué hora es|a qué día estamos|en tiempo real|últimas noticias",
    "de": r"jetzt|gerade(?! aus)|heute|heutige\w*|heute abend|momentan|derzeit|aktuell\w*|im moment|morgen|diese woche|dieses wochenende|wie spät|wie viel uhr|wieviel uhr|welcher tag|in echtzeit|zurzeit",
    "fr": r"maintenant|actuellement|aujourd['’ ]?hui|ce soir|ce matin|en ce moment|cette semaine|ce week[- ]?end|demain|quelle heure|quel jour|en temps réel|à l['’]instant|du jour",
    "pt": r"agora(?: mesmo)?|hoje|esta (?:noite|semana|manhã|tarde)|neste momento|atualmente|no momento|amanhã|que horas são|que dia é|em tempo real|este fim de semana",
    "it": r"adesso|ora(?= (?:è|c'è|siete|sono))|in questo momento|oggi|stasera|attualmente|domani|che ore sono|che giorno è|questa settimana|in tempo reale",
    "nl": r"nu|vandaag|vanavond|op dit moment|momenteel|morgen|hoe laat is het|deze week",
    "tr": r"şu an(?:da)?|şimdi|bugün|bu akşam|yarın|saat kaç|günlerden ne|bu hafta",
    "pl": r"teraz|dzisiaj|dziś|obecnie|aktualnie|w tej chwili|jutro|która (?:jest )?godzina",
    "ru": r"сейчас|теперь|сегодня|сегодняшн\w+|в данный момент|на данный момент|завтра|который час|сколько времени|какой сегодня|текущ\w+|этой ночью|на этой неделе",
    "id": r"sekarang|hari ini|saat ini|malam ini|besok|jam berapa",
    "vi": r"bây giờ|hôm nay|hiện tại|hiện giờ|tối nay|ngày mai|mấy giờ rồi",
    "ar": r"الآن|الان|حاليا|حالياً|اليوم|الليلة|غدا|غداً|في هذه اللحظة|كم الساعة|ما الوقت|هذا الأسبوع",
    "hi": r"अभी|आज|कल|इस समय|फिलहाल|कितने बजे|abhi|aaj|is waqt",
    "zh": r"现在|目前|当前|此刻|眼下|今天|今日|今晚|今早|明天|明早|本周|这周|这个月|本月|当下|实时|刚刚|几点了|几点钟了|星期几|几号了|最新的?(?:活动|优惠|政策|消息|价格|汇率|进展|比分|情况|行情)"
          r"|現在|目前|當前|此刻|今天|今日|今晚|今早|明天|本週|這週|本月|即時|幾點|星期幾|幾號|最新(?:消息|價格|匯率)",
    "ja": r"今(?!まで|後|度|回|年度)|いま(?!まで)|現在|本日|今日|今夜|今朝|今週|明日|ただいま|ただ今|何時(?:です|だ|でしょう|$|\?|？)|何曜日|リアルタイム|最新の(?:情報|価格|ニュース)",
    "ko": r"지금|현재|오늘|오늘밤|내일|이번 ?주|방금|몇 ?시(?:예요|인가요|야|입니까|지|$|\?)|무슨 ?요일|실시간|최신 ?(?:소식|뉴스|가격)",
}

# States that pass, whether or not a word says "now".
PASSES: dict[str, str] = {
    "en": (r"(?:is|are) (?:the |your |my |any )?(?:\w+ ){1,3}(?:down|offline|up and running|out of stock|in stock|sold out|delayed|closed(?! (?:on|for|at|every|during|over))|working|open(?! to| on| until| from| by| 24| every| all| during| during)|crowded|running late|on time)\b[^.]{0,20}\?*$"
           r"|are you (?:guys |still )?(?:open|closed|online|there|busy|available|down)(?! (?:by|on|at|for|every|over|until|from|in|to|all))|in stock|out of stock|sold out|back in stock|any (?:outages?|delays?|seats?|tickets?|rooms?|tables?|slots?|appointments?) (?:left|available|free)?"
           r"|(?:tickets?|seats?|rooms?|tables?|places|spots|appointments?|slots?) (?:still )?(?:left|available|free)(?! (?:for|of|online|by|on|in|to|at|with)\b)(?=\W*$| (?:right|now|today|tonight|tomorrow|this))|(?:next|last) (?:bus|train|tram|metro|subway|flight|ferry|ship|departure|delivery|shuttle|show|match|game|race|episode|release)"
           r"|(?:is|are) (?:the |it |this |that |any )?(?:\w+ ){0,3}(?:size|colou?r|item|product|units?|model|rooms?|tables?|slots?|tickets?|seats?|number|\d+)(?: \w+){0,2} (?:still )?available\W*$|how (?:long|much (?:time|longer)|many (?:days|hours)) (?:until|till|before|left)(?: (?:the|your|this|next))? (?:sale|offer|event|game|match|show|concert|release|launch|store|shop|doors?|next|black friday|christmas)\b[^.?!]{0,30}|(?:will|is|did) it (?:going to )?(?:rain|snow|hail|storm|freeze)\w*|what(?:'s| is) (?:on (?:tv|television|sale|offer|the menu)|playing)|(?:is|are) (?:the |your |this )?(?:\w+ )?(?:sale|offer|promotion|promo|deal|discount)s? (?:still |already |now )?(?:on|running|valid|live|active|going)\W*$"
           r"|weather|forecast|temperature (?:in|outside)|is it (?:raining|snowing|sunny|cold|hot|windy)|how (?:is|are) (?:the )?(?:traffic|roads?|queue|lines?|market)|traffic (?:on|in|jam)|(?:the )?news(?! ?letter)"
           r"|(?:stock|share|gold|silver|oil|gas|bitcoin|btc|eth|crypto|fuel|petrol|diesel) prices?|price of (?:gold|silver|oil|gas|bitcoin|btc|ethereum|petrol|diesel)|what(?:'s| is| are) (?:the |your )?(?:\w+ ){0,2}exchange rates?(?! policy)|exchange rates? (?:of|between|from|to|today|now)|interest rates?(?= (?:right|now|today|at the moment)|\?*$)|(?:mortgage|base|prime) rate"
           r"|(?:how much|what) (?:is|are|does|do) (?:one |a )?(?:bitcoin|btc|eth(?:ereum)?|gold|silver|oil)(?: cost| worth| at)?|are there (?:any )?(?:delays|disruptions|outages|queues)|(?:has|have) (?:my|the) (?:package|parcel|order|flight|train|bus) (?:arrived|landed|left|departed)|is (?:the |your )?\w+ broken|who (?:is winning|scored|won (?:the|last|yesterday|tonight)(?! \d))|(?:what(?:'s| is) )?trending|how (?:busy|crowded|full|packed) (?:is|are)|is (?:there )?(?:a|any) (?:queue|line|wait)(?: at| in| for)?|who(?:'s| is) (?:winning|leading|ahead|in the lead)|(?:game|match|final|half[- ]time) score|the score|how (?:long|big) is the (?:queue|line|wait)|wait(?:ing)? times?|queue (?:time|length)|how many (?:people )?(?:are )?(?:waiting|in the queue|in line|online|left)"
           r"|outages?|is there (?:an? )?(?:outage|delay|strike|sale on|problem|issue|power cut|traffic)|(?:server|site|website|app|service|system|api|network) (?:is |seems |appears )?(?:down|up|not responding|unreachable|crash\w*)|status of (?:the )?(?:server|service|site|system|network|flight|train)"
           r"|(?:has|have) the (?:\w+ )?(?:started|begun|ended|arrived|landed|departed|opened|closed)"),
    "es": r"queda\w* (?:plazas|entradas|sitio|habitaciones)|(?:va a llover|lloverá)|hay (?:ofertas|descuentos|promociones|sitio)|(?:está|están) (?:abiert\w+|cerrad\w+|disponibles?|agotad\w+|caíd\w+|funcionando)|hay (?:stock|existencias|retrasos?|entradas|plazas|cola)|(?:próximo|siguiente) (?:autobús|tren|vuelo|bus|metro)|el tiempo (?:en|hace)|qué tiempo|tipo de cambio|cotización|precio del oro|quién va ganando|cuánto (?:está|vale|cuesta) el (?:dólar|euro|oro|bitcoin)|(?:siguen|sigue) abiert\w+",
    "de": r"noch (?:was|etwas|plätze|zimmer|karten|tische) frei|(?:ist|gibt es) noch (?:\w+ )?(?:frei|da|plätze|karten)|wird es regnen|(?:kurs|preis) (?:des|vom) (?:euro|dollar|bitcoin)|(?:ist|sind|habt) (?:\w+ ){0,4}(?:geöffnet|offen|geschlossen|verfügbar|ausverkauft|auf lager|erreichbar|down|gestört|verspätet|pünktlich)|habt ihr offen|seid ihr offen|fährt die \S+(?= ?\?|$)|(?:der |die )?nächste\w* (?:bus|zug|bahn|flug|straßenbahn|s-bahn|u-bahn)|wetter|wechselkurs|aktienkurs|goldpreis|störung(?:en)?|wer führt|spielstand|noch (?:karten|plätze|tickets)|wartezeit",
    "fr": r"(?:le )?cours (?:de l['’]|du |des )(?:euro|dollar|bitcoin|or|action)\w*|(?:va-t-il|il va) pleuvoir|reste-t-il|il reste (?:des|encore)|(?:est|êtes|sont)(?:-\w+)? (?:\w+ ){0,4}(?:ouvert\w*|fermé\w*|disponibles?|en stock|en panne|en rupture|en retard|épuisé\w*|complet)|(?:le )?prochain\w* (?:bus|train|métro|vol|tram)|météo|quel temps|taux de change|cours (?:de l['’]or|de la bourse)|y a[- ]t[- ]il (?:des|un|une) (?:retards?|panne|places|billets|file)|qui mène|temps d['’]attente|combien vaut le (?:dollar|bitcoin)",
    "pt": r"(?:está|estão) (?:\w+ ){0,3}(?:abert\w+|fechad\w+|disponíve\w+|esgotad\w+|em estoque|fora do ar|funcionando|atrasad\w+)|(?:tem|há) (?:em )?(?:estoque|stock|vagas|ingressos|fila)|próximo (?:ônibus|autocarro|trem|comboio|voo|metrô)|previsão do tempo|como está o tempo|câmbio|cotação|preço do ouro|quem está ganhando|quanto está o (?:dólar|euro)|o site caiu",
    "it": r"(?:è|siete|sono) (?:\w+ ){0,3}(?:apert\w+|chius\w+|disponibil\w+|esaurit\w+|in ritardo)|prossimo (?:autobus|treno|volo)|che tempo fa|meteo|tasso di cambio",
    "nl": r"(?:is|zijn) (?:\w+ ){0,3}(?:dicht|gesloten|op voorraad|uitverkocht|geopend)|zijn jullie open|volgende (?:bus|trein|vlucht)|het weer|wisselkoers",
    "tr": r"(?:açık|kapalı) mı(?:sınız)?|stokta|sıradaki (?:otobüs|tren)|bir sonraki (?:otobüs|tren|uçuş)|hava (?:durumu|nasıl)|döviz kuru|dolar kaç",
    "pl": r"czy (?:jest|są|jesteście) (?:\w+ ){0,3}(?:otwart\w+|zamknięt\w+|dostępn\w+)|następny (?:autobus|pociąg)|pogoda|kurs (?:euro|dolara|walut)",
    "ru": r"(?:вы |магазин |кафе |офис |банк )(?:сейчас |ещё |еще )?работает[е]?\??$|(?:есть |остались )(?:ли )?(?:ещё |еще )?(?:свободные |билеты|места|номера|столики)\w*|будет (?:ли )?(?:дождь|снег)|(?:вы |магазин |сайт )?(?:открыт[ыо]?|закрыт[ыо]?|работает ли|не работает)\??$|(?:есть ли |есть )?в наличии|следующ\w+ (?:автобус|поезд|рейс|трамвай)|погода|курс (?:доллара|евро|валют)|цена (?:золота|нефти)|пробки|кто выигрывает|очередь|сколько стоит (?:доллар|евро|биткоин)|ид[её]т (?:дождь|снег)|сайт (?:упал|лежит)",
    "id": r"(?:apakah )?(?:masih )?(?:buka|tutup|tersedia|ada stok)(?= (?:sekarang|nggak|tidak)|\?|$)|bus berikutnya|cuaca|kurs|harga emas",
    "vi": r"còn hàng|đang mở cửa|chuyến (?:xe|bay) tiếp theo|thời tiết|tỷ giá|giá vàng",
    "ar": r"(?:المحل|المتجر) (?:مفتوح|مغلق)|هل (?:\S+ ){0,3}(?:مفتوح\w*|مغلق\w*|متاح\w*|متوفر\w*|معطل\w*)|(?:الحافلة|القطار|الرحلة) (?:التالية|القادمة|التالي|القادم)|الطقس|سعر (?:الصرف|الذهب|الدولار|النفط)|حالة الطقس",
    "hi": r"अगली (?:बस|ट्रेन)|मौसम|स्टॉक में|agli (?:bus|train)|mausam|stock mein|khula hai",
    "zh": r"(?:还有|还有没有|有没有)[^，。?？]{0,6}(?:货|码|位|票|房|座|名额)?(?:吗|么|嘛|没)?(?<=还有)(?:吗|么|嘛|没|[?？]|$)|有(?:什么|啥|哪些|没有)(?:优惠|活动|折扣|促销|特价)|(?:优惠|活动|促销)(?:还在|还有效|结束)了?(?:吗|没)|(?:美元|欧元|日元|英镑|港币|人民币)(?:兑|对|换)|(?:会|要)(?:不会)?下(?:雨|雪)|(?:还|有没)?有(?:现)?货(?:吗|没|么|不)|有没有货|缺货|断货|补货了|库存|(?:开门|开业|营业|上班|下班|关门|打烊|到货|放票|开抢|开售)(?:了)?(?:吗|没有|没)|还开(?:着)?(?:门)?吗|(?:下一|下|末)(?:一)?(?:班|趟|辆|场)(?:车|飞机|航班|公交|地铁|火车|电影|比赛)|天气|气温|下雨(?:吗|了)|下雪(?:吗|了)|堵车|堵不堵|路况|股价|股票价|汇率|金价|油价|银价|币价|行情|新闻|比分|谁赢|店开着|停运了?(?:吗|没)|晚点了?(?:吗|没)|比特币多少|還有(?:票|位)|排队(?:要)?多久|要等多久|等位|余票|还有(?:票|位|房|座|名额|号)"
          r"|(?:网站|系统|服务器|软件|app|页面|服务)(?:是不是)?(?:又)?(?:挂|崩|瘫痪|维护|宕机|打不开)(?:了)?|(?:有貨|缺貨|庫存|開門|營業)(?:了)?(?:嗎|沒)|下一班(?:車|機|火車|公車)|天氣|匯率|股價|金價|油價|新聞|(?:網站|系統)(?:掛|當|壞)了",
    "ja": r"まだ(?:あります|ある|空いて|残って|やって)|(?:ドル|ユーロ|ポンド|ビットコイン)(?:円)?(?:は|の)(?:いくら|何円|レート|相場)|雨(?:は|が)?(?:降り|ふり)|天気|気温|在庫(?:は|が|あり)|売り切れ|営業(?:中|して(?:います|る)か)|開いてい?(?:ます|る)か|閉まってい?(?:ます|る)か|次の(?:バス|電車|便|列車|試合)|為替|株価|金価格|渋滞|待ち時間|空席|空室|(?:サイト|サーバー?|システム)(?:は|が)(?:落ち|ダウン|止ま)|ニュース|ドルは(?:何|いくら)",
    "ko": r"영업(?:하나요|해요|합니까|중)|아직 ?(?:있|남|열|해)|비(?:가)? ?(?:올까|오나|와요)|(?:달러|유로|엔|비트코인)(?: ?(?:환율|시세|가격)|(?:는|은)? ?얼마)|날씨|기온|재고(?:가|는)? ?(?:있|남)|품절|영업 ?중|문 ?(?:열었|닫았|열려)|다음 ?(?:버스|기차|열차|비행기|지하철)|환율|주가|금값|금시세|교통 ?상황|대기 ?시간|남은 ?(?:자리|좌석|방)|(?:사이트|서버|시스템)(?:가|이)? ?(?:다운|먹통)|뉴스|비가 ?오|열려 ?있",
}

# A time word that only says when the asker wants it, or did it: a way to do something, or a rule, is the same tomorrow.
ADVERBIAL: dict[str, str] = {
    "en": r"now|right now|currently|at the moment|today|yesterday|tonight|tomorrow|this (?:week|month|morning|evening|afternoon|weekend)|just now|nowadays",
    "zh": r"现在|目前|当前|今天|今日|刚刚|刚才|昨天|本月|这个月|當前|現在|剛剛|今早|今晚|明天",
    "de": r"guten morgen|jetzt|heute|gerade|morgen|aktuell\w*|momentan", "fr": r"maintenant|aujourd['’ ]?hui|demain|actuellement", "es": r"ahora|hoy|mañana|actualmente",
    "pt": r"agora|hoje|amanhã", "it": r"adesso|oggi|domani", "ru": r"сейчас|сегодня|завтра", "ar": r"الآن|الان|اليوم|غدا", "ja": r"今日|今|明日|本日", "ko": r"지금|오늘|내일",
}
# A way, a rule, a meaning: the same whatever is so at this moment.
GENERAL = (
    r"什么是|词性|(?:怎么办|怎麼辦|如何处理|怎么处理|怎么解决)\W*$|(?:周[一二三四五六日末]|星期[一二三四五六日天]|礼拜|节假日|法定|春节|国庆|元旦|中秋|五一|每天|平时)[^，。?？]{0,6}(?:营业|开门|上班|开业|送货|发货)|^\W*what (?:is|are) (?!bitcoin|btc|eth|gold|oil|on\b|up\b|open\b|new\b|trending|today|tonight)\w+\W*$|是什么(?:意思)?$|^\W*(?:(?:the )?difference between|what is (?:an? |the (?:meaning|definition|difference)))|とは(?:何|なん)|管理是|完成时"
    r"|^\W*(?:(?:hi|hello|please)\W+)*(?:how (?:do|can|could|should|would) (?:i|we|you|one)\b|how to\b|how often\b|what (?:happens|should (?:i|we) do|do i do|does|do you do)\b"
    r"|do you (?:notify|tell|inform|email|warn|let)\b|why (?:is|are|does|do)\b.*\b(?:so often|always|every|again and again)\b|will i be (?:notified|told|informed))|^(?:怎么|如何|怎样)(?:查|看|知道|设置|订阅)"
)
HOW_TO: dict[str, str] = {
    "de": r"\bwie (?!spät|ist|wird|viel|teuer|hoch|steht)\w+ ich\b|^\W*wie (?:kann|soll|muss|könnte|geht|mache|funktioniert)\b",
    "fr": r"^\W*comment \w+",
    "es": r"^\W*¿?cómo (?!está|están|va|van|anda)\w+",
    "pt": r"^\W*como (?!está|estão|vai|anda)\w+",
    "it": r"^\W*come (?:posso|si|faccio|devo)\b",
    "ru": r"^\W*как (?!дела|там|обстоят)\w+",
    "ar": r"^\W*كيف\b",
    "ja": r"どうやって|どうすれば|方法|キャンセルしたい|変更したい",
    "ko": r"어떻게|방법",
    "en": r"^\W*(?:(?:hi|hello|please)\W+)*(?:how (?:do|can|could|should|would|to)\b|what (?:do|should|can|must) (?:i|we) do\b|why\b|where (?:do|can) i\b)|\bhow (?:do|can|should|could) (?:i|we)\b|\bhow to\b|\bwhat (?:do|should|can) i do\b|,\s*can (?:i|you)\b",
    "zh": r"怎么办|怎麼辦|(?:可以|能)用|支持(?:哪些|什么|.{0,8}[吗嗎])|下单|如何|怎样(?:才能|可以)?|怎么(?!样|还没)(?=\S)|为啥|为何|能否取消|可以取消|怎麼(?=\S)|能不能取消|可以取消吗|为什么|為什麼",
}

# When something is open is no state: "how late are you open", "what hours is the desk open".
SCHEDULE = r"\b(?:what (?:hours|times?|days)|which (?:hours|days)|how (?:long|late|early|many hours)|when)\b[^.?!]{0,60}\bopen\b"

# What the asker says of itself is no question: "I cannot log in right now", "我现在退款了".
OF_ONESELF = (
    r"(?:^|[.,;!?] ?|\b(?:hi|hello|but|and|that|because|since|as|when|if|so) )(?:i|we)(?:['’](?:m|ve|d|ll|re))?\b[^.?!]{0,60}?\b(?:right now|now|currently|at the moment|this (?:morning|week|month|evening|afternoon)|today)\b"
    r"|(?:今天|昨天|刚刚?|刚才|今早)(?:买|下单|订|付|拍|收到|签收|申请|注册)|我们?(?:现在|目前|当前|今天|今早|刚刚|本月|这个月|現在|剛剛)|(?:现在|目前|今天|刚刚)我们?"
)
# fmt: on
