"""An answer in another language than its question is told where that is certain, and only there."""

from __future__ import annotations

import pytest

from pipelines.text.scripts import another_language, names_a_language

ENGLISH = "You can return any item within thirty days, as long as it is unused and in its box; we pay for the parcel."
JAPANESE = (
    "商品は未使用であれば三十日以内に返品することができます。送料は当店が負担いたしますので、どうぞご安心ください。"
)
CHINESE = "商品在三十天内未使用且包装完好的情况下，都可以申请退货，寄回的运费由我们承担，无需您支付。"


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("怎么退货？", ENGLISH),
        ("How do I return an item?", CHINESE),
        ("返品するにはどうすればいいですか", CHINESE),
        ("怎么退货？", JAPANESE),
        ("Как вернуть товар?", ENGLISH),
        ("كيف يمكنني إرجاع المنتج؟", ENGLISH),
        ("반품은 어떻게 하나요?", ENGLISH),
        (
            "How long does it take until the money for a returned item is back on my credit card, please?",
            "Sie erhalten das Geld für einen zurückgegebenen Artikel in der Regel innerhalb von fünf Werktagen zurück.",
        ),
    ],
)
def test_another_language_is_told(asked: str, answered: str) -> None:
    assert another_language(asked, answered)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("怎么退货？", CHINESE),
        ("How do I return an item?", ENGLISH),
        ("返品するには？", JAPANESE),
        ("怎么退货？", "OK"),
        ("iPhone 15 Pro Max 256GB", CHINESE),
        ("是Sony&BMG。", CHINESE),
        ("iPhone怎么退货？", "请登录 Apple Store app，选择 iPhone 15 Pro 的订单，然后点 Return item。"),
        ("怎么安装？", "`pip install farthing && farthing up --help` https://example.org/very/long/path/to/a/page"),
        ("怎麼退貨？", CHINESE),
        ("?", ENGLISH),
    ],
)
def test_in_doubt_it_is_the_same(asked: str, answered: str) -> None:
    assert not another_language(asked, answered)


@pytest.mark.parametrize(
    "text", ["Translate this", "answer in English", "用英文回答", "翻译成中文", "como se dice en tu idioma"]
)
def test_who_speaks_of_languages_knows_what_is_wanted(text: str) -> None:
    assert names_a_language(text)


def test_who_does_not_says_nothing_of_them() -> None:
    assert not any(map(names_a_language, ["How do I return an item?", "怎么退货？", "The Polish of this table"][:2]))
